package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/members"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

func newEndpointStatusCmd(f *cli.Factory, from *endpointFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the status of each member: version, size, leader",
		Long: `Show the status of each member. The format simple has these columns:

  endpoint, ID, version, storage version, database size, size in use,
  percentage not in use, quota, is leader, is learner, Raft term, Raft index,
  Raft applied index, errors, downgrade target version, downgrade enabled

The format wide fits a terminal of 80 columns. --watch shows it on a terminal if
no format is given. It reads a key from each member, as "endpoint health" does,
and has these columns:

  member   name of the member
  role     leader, follower or learner
  health   ok, alarm (one is on), failed (a linearizable read fails) or down
  latency  duration of the read
  lag      revisions that the member is behind the newest one
  size     size of the database file
  used     percentage of the file that is in use
  quota    percentage of the quota that the file takes
  cert     days until the server's certificate expires
  alarms   alarms of the member`,
		Example: `  # Show every member in 80 columns.
  ectl endpoint status --cluster -w wide
  # Repeat it every two seconds.
  ectl endpoint status --cluster --watch 2s`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.Run(f, from, runEndpointStatus),
	}
	return cli.FormatsOf(cmd, output.EndpointOverview{})
}

func runEndpointStatus(ctx context.Context, f *cli.Factory, from *endpointFlags) error {
	return from.repeat(ctx, f, func(ctx context.Context) error { return printStatus(ctx, f, from) })
}

func printStatus(ctx context.Context, f *cli.Factory, from *endpointFlags) error {
	endpoints, err := from.endpoints(ctx, f)
	if err != nil {
		return err
	}
	// A terminal that shows the latest answers gets the view that fits it.
	if f.Printer().Format() == output.Wide || from.Every > 0 && f.Streams.OutIsTerminal && !f.FormatGiven() {
		return printOverview(ctx, f, from, endpoints)
	}
	answers, err := askEach(ctx, f, endpoints, askStatus)
	if err != nil {
		return err
	}
	if err := from.printHead(f, "status"); err != nil {
		return err
	}
	sayWithoutStatus(f, answers)
	result := output.EndpointStatus{}
	var found etcd.Clusters
	for _, a := range answers {
		found.Add(a.Name(), (*pb.StatusResponse)(a.Response).GetHeader())
		status := output.Status{Endpoint: a.Endpoint, Response: a.Response}
		if a.Err != nil {
			status.Reason = a.Err.Error()
		}
		result.Endpoints = append(result.Endpoints, status)
	}
	if !members.NoneLoggedIn(answers) {
		if err := from.printOne(f, result); err != nil {
			return err
		}
	}
	warnOfClusters(f, &found)
	return withoutStatus(answers)
}

// sayWithoutStatus reports the endpoints that did not report their status.
func sayWithoutStatus[Response any](f *cli.Factory, answers []members.Answer[Response]) {
	for _, a := range answers {
		if a.Err != nil {
			f.Say(fmt.Sprintf("Failed to get the status of endpoint %s (%s)", a.Name(), a.Err))
		}
	}
}

// withoutStatus returns an error if endpoints did not report their status.
func withoutStatus[Response any](answers []members.Answer[Response]) error {
	err := members.Failure(answers)
	failed := 0
	for _, a := range answers {
		if a.Err != nil {
			failed++
		}
	}
	if err == nil || exit.CodeOf(err) == exit.BadConnection {
		return err
	}
	return fmt.Errorf("%d of %s did not report %s status", failed, quantity.Of(len(answers), "endpoint"), quantity.Verb(failed, "its", "their"))
}
