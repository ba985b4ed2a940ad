package cluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/members"
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
	ctx, cancel := f.Timeout(ctx)
	defer cancel()
	response, err := client.MemberList(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to fetch endpoints from etcd cluster member list: %w", err)
	}
	var endpoints []string
	for _, m := range response.Members {
		endpoints = append(endpoints, m.ClientURLs...)
	}
	warnOfUnreached(f, response.Members)
	if err := dialer.RefuseMixture(endpoints); err != nil {
		return nil, err
	}
	dialer.WarnOfExposure(endpoints)
	if len(endpoints) > members.MaxAtOnce {
		f.Warn(fmt.Sprintf("the member list has %s of %s; they are queried %d at a time",
			quantity.Of(len(endpoints), "endpoint"), quantity.Of(len(response.Members), "member"), members.MaxAtOnce))
	}
	return endpoints, nil
}

// warnOfClusters warns if endpoints belong to several clusters.
func warnOfClusters(f *cli.Factory, found *etcd.Clusters) {
	if found.Several() {
		f.Warn(found.String())
	}
}

// warnOfUnreached warns of members that --cluster leaves out, because they advertise no
// client URLs.
func warnOfUnreached(f *cli.Factory, all []*pb.Member) {
	var left []string
	for _, m := range all {
		switch {
		case len(m.GetClientURLs()) > 0:
		case m.GetName() == "":
			left = append(left, fmt.Sprintf("%x (never started)", m.GetID()))
		default:
			left = append(left, fmt.Sprintf("%x (%s)", m.GetID(), m.GetName()))
		}
	}
	if len(left) > 0 {
		f.Warn(fmt.Sprintf("%s without client URLs %s left out: %s; \"member list\" shows the members",
			quantity.Of(len(left), "member"), quantity.Verb(len(left), "is", "are"), strings.Join(left, ", ")))
	}
}

// askEach queries all endpoints concurrently, see members.Ask.
func askEach[Response any](ctx context.Context, f *cli.Factory, endpoints []string, ask func(context.Context, *etcd.Client, string) (Response, error)) ([]members.Answer[Response], error) {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return nil, err
	}
	return members.Ask(ctx, dialer, f.Connection.CommandTimeout, endpoints, ask)
}
