package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
)

// targets selects the endpoints of a command that queries each endpoint separately.
type targets struct {
	Cluster bool // all members, not only the given endpoints
}

func (o *targets) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Cluster, "cluster", false, "use the endpoints of all members")
}

// endpoints returns the endpoints, in the order in which results are shown.
func (o *targets) endpoints(ctx context.Context, f *cli.Factory) ([]string, error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return nil, err
	}
	if !o.Cluster {
		return dialer.Endpoints, dialer.RefuseMixture(dialer.Endpoints)
	}
	client, err := f.Client(ctx)
	if err != nil {
		// Only here does etcdctl exit with status 1 after a failed login.
		return nil, exit.Force(exit.Error, err)
	}
	response, err := cli.Call(ctx, f, func(ctx context.Context, _ *etcd.Client) (*clientv3.MemberListResponse, error) {
		return client.MemberList(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("failed to fetch endpoints from etcd cluster member list: %w", err)
	}
	var endpoints []string
	for _, m := range response.Members {
		endpoints = append(endpoints, m.ClientURLs...)
	}
	if err := dialer.RefuseMixture(endpoints); err != nil {
		return nil, err
	}
	dialer.WarnOfExposure(endpoints)
	if len(endpoints) > maxAtOnce {
		f.Warn(fmt.Sprintf("the member list has %s of %s; they are queried %d at a time",
			quantity.Of(len(endpoints), "endpoint"), quantity.Of(len(response.Members), "member"), maxAtOnce))
	}
	return endpoints, nil
}

// maxAtOnce limits the endpoints that are queried at the same time, because the server
// decides how many there are. It is more than a cluster has.
const maxAtOnce = 32

// answer is the response of one endpoint.
type answer[Response any] struct {
	Endpoint string
	Response Response
	Err      error // with its reason
}

// name returns the endpoint as it is dialled and named in errors: without a login that
// a member list may contain.
func (a answer[Response]) name() string {
	name, _ := etcd.WithoutUserInfo(a.Endpoint)
	return name
}

// askEach queries all endpoints concurrently, at most maxAtOnce, each with its own client
// and timeout. It returns the answers in the order of the endpoints. A failed login has
// the status BadConnection.
func askEach[Response any](ctx context.Context, f *cli.Factory, endpoints []string, ask func(context.Context, *etcd.Client, string) (Response, error)) ([]answer[Response], error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return nil, err
	}
	answers := make([]answer[Response], len(endpoints))
	asking, _ := crash.NewGroup(ctx, maxAtOnce)
	for i, endpoint := range endpoints {
		a := &answers[i]
		a.Endpoint = endpoint
		asking.Start(func() error {
			if a.Err = ctx.Err(); a.Err != nil {
				return nil
			}
			endpoint := a.name()
			client, err := dialer.Dial(ctx, []string{endpoint})
			if err != nil {
				a.Err = err
				return nil
			}
			defer func() { _ = client.Close() }()
			timed, cancel := f.Timeout(ctx)
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

// unanswered returns an error if no endpoint answered: the last error of a login, with
// its status, or otherwise the last error.
func unanswered[Response any](answers []answer[Response]) error {
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

// noneLoggedIn reports whether there is nothing to show because no endpoint accepted
// the login.
func noneLoggedIn[Response any](answers []answer[Response]) bool {
	for _, a := range answers {
		if exit.CodeOf(a.Err) != exit.BadConnection {
			return false
		}
	}
	return len(answers) > 0
}
