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

// targets says which endpoints a command talks to, each by itself.
type targets struct {
	Cluster bool // all members, not only the given endpoints
}

func (o *targets) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Cluster, "cluster", false, "all endpoints of all members, as the members themselves name them")
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
		// Here, and only here, etcdctl ends with 1 after a login that failed.
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
		f.Warn(fmt.Sprintf("the member list names %s of %s; %d are asked at a time",
			quantity.Of(len(endpoints), "endpoint"), quantity.Of(len(response.Members), "member"), maxAtOnce))
	}
	return endpoints, nil
}

// maxAtOnce bounds the endpoints that are asked at the same time: it is the
// server that says how many there are. It is more than a cluster has.
const maxAtOnce = 32

// answer is what one endpoint said.
type answer[Response any] struct {
	Endpoint string
	Response Response
	Err      error // with its reason
}

// name is the endpoint as it is dialled and as errors call it. A member may name
// one with a login in it.
func (a answer[Response]) name() string {
	name, _ := etcd.WithoutUserInfo(a.Endpoint)
	return name
}

// askEach asks all endpoints at once, at most maxAtOnce, each with a client and a
// timeout of its own, and returns the answers in the order of the endpoints. A
// login that fails ends with the status BadConnection.
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
		// Options that cannot work are no news of an endpoint.
		if exit.CodeOf(a.Err) == exit.BadArgs {
			return nil, a.Err
		}
	}
	return answers, nil
}

// unanswered returns an error for answers that are none: the last error of a
// login, with its status, or else the last one.
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

// noneLoggedIn says whether there is nothing to show because no endpoint took
// the login.
func noneLoggedIn[Response any](answers []answer[Response]) bool {
	for _, a := range answers {
		if exit.CodeOf(a.Err) != exit.BadConnection {
			return false
		}
	}
	return len(answers) > 0
}
