// Package members queries each member of a cluster separately.
package members

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

// MaxAtOnce limits the endpoints that are queried concurrently, because the server
// decides how many there are. Clusters have fewer members.
const MaxAtOnce = 32

// Answer is the response of one endpoint.
type Answer[Response any] struct {
	Endpoint string
	Response Response
	Err      error // with the reason that Client.Explain adds
}

// Name returns the endpoint as it is dialled and named in errors. It omits a login,
// which a member list may contain.
func (a Answer[Response]) Name() string {
	name, _ := etcd.WithoutUserInfo(a.Endpoint)
	return name
}

// Ask queries all endpoints concurrently, at most MaxAtOnce. Each query has its own
// client of dialer and its own timeout. The answers are in the order of the endpoints,
// each with its own error. A failed login has the status BadConnection. Ask itself
// returns an error if ctx ends or the options are invalid.
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

// Failure returns an error if an endpoint failed: the last error of a login, with its
// status, or otherwise the last error. It returns nil if all endpoints answered.
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

// NoneLoggedIn reports whether every endpoint failed to log in, so that there is nothing
// to show.
func NoneLoggedIn[Response any](answers []Answer[Response]) bool {
	for _, a := range answers {
		if exit.CodeOf(a.Err) != exit.BadConnection {
			return false
		}
	}
	return len(answers) > 0
}
