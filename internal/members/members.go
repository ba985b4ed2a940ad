// Package members queries each member of a cluster separately.
package members

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

// MaxAtOnce limits the endpoints that are queried at the same time, because the server
// decides how many there are. It is more than a cluster has.
const MaxAtOnce = 32

// Answer is the response of one endpoint.
type Answer[Response any] struct {
	Endpoint string
	Response Response
	Err      error // with its reason
}

// Name returns the endpoint as it is dialled and named in errors: without a login that
// a member list may contain.
func (a Answer[Response]) Name() string {
	name, _ := etcd.WithoutUserInfo(a.Endpoint)
	return name
}

// Ask queries all endpoints concurrently, at most MaxAtOnce, each with its own client
// of dialer and its own timeout. It returns the answers in the order of the endpoints. A failed login has
// the status BadConnection.
func Ask[Response any](ctx context.Context, dialer *etcd.Dialer, timeout time.Duration, endpoints []string, ask func(context.Context, *etcd.Client, string) (Response, error)) ([]Answer[Response], error) {
	answers := make([]Answer[Response], len(endpoints))
	asking, _ := crash.NewGroup(ctx, MaxAtOnce)
	for i, endpoint := range endpoints {
		a := &answers[i]
		a.Endpoint = endpoint
		asking.Start(func() error {
			if a.Err = ctx.Err(); a.Err != nil {
				return nil
			}
			endpoint := a.Name()
			client, err := dialer.Dial(ctx, []string{endpoint})
			if err != nil {
				a.Err = err
				return nil
			}
			defer func() { _ = client.Close() }()
			timed, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			a.Response, err = ask(timed, client, endpoint)
			a.Err = client.Explain(ctx, err)
			return nil
		})
	}
	_ = asking.Wait() // each answer has its own error
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, a := range answers {
		// Invalid options are not the fault of an endpoint.
		if exit.CodeOf(a.Err) == exit.BadArgs {
			return nil, a.Err
		}
	}
	return answers, nil
}

// Failure returns an error if no endpoint answered: the last error of a login, with
// its status, or otherwise the last error.
func Failure[Response any](answers []Answer[Response]) error {
	var last error
	for _, a := range answers {
		if a.Err != nil && (exit.CodeOf(last) != exit.BadConnection || exit.CodeOf(a.Err) == exit.BadConnection) {
			last = a.Err
		}
	}
	if last == nil {
		return nil
	}
	return last
}

// NoneLoggedIn reports whether there is nothing to show because no endpoint accepted
// the login.
func NoneLoggedIn[Response any](answers []Answer[Response]) bool {
	for _, a := range answers {
		if exit.CodeOf(a.Err) != exit.BadConnection {
			return false
		}
	}
	return len(answers) > 0
}
