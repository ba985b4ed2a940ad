package cluster

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// moveLeaderOptions holds the argument of "move-leader".
type moveLeaderOptions struct {
	memberArg // that becomes the leader
}

// NewMoveLeaderCmd returns the command "move-leader".
func NewMoveLeaderCmd(f *cli.Factory) *cobra.Command {
	opts := &moveLeaderOptions{}
	return cli.DryRun(f, &cobra.Command{
		Use:   "move-leader ID|NAME",
		Short: "Transfer leadership to another member",
		Long: `Transfer leadership to a member, given by its ID or name. Only the leader can do
so: its endpoint must be among --endpoints.`,
		Example: `  # Name the new leader by its ID,
  ectl move-leader 8211f1d0f64f3269
  # or by its name.
  ectl move-leader node2`,
		GroupID:           cli.GroupCluster,
		Args:              cli.Args(1, 1, "the ID or name of a member"),
		RunE:              cli.Run(f, opts, runMoveLeader),
		ValidArgsFunction: completions.Args(f, completions.Members),
	})
}

// Complete implements cli.Options.
func (o *moveLeaderOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	return o.parse(args[0])
}

func runMoveLeader(ctx context.Context, f *cli.Factory, opts *moveLeaderOptions) error {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	if err := dialer.RefuseMixture(dialer.Endpoints); err != nil { // each is dialled separately
		return err
	}
	if err := opts.find(ctx, f); err != nil {
		return err
	}
	endpoint, leader, err := findLeader(ctx, f, dialer.Endpoints)
	if err != nil {
		return err
	}
	client, err := dialer.Dial(ctx, []string{endpoint})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	timed, cancel := f.Timeout(ctx)
	defer cancel()
	response, err := client.MoveLeader(timed, opts.ID)
	if err != nil {
		return client.Explain(ctx, opts.explain(timed, client, err))
	}
	return f.Print(output.LeaderMoved{From: leader, To: opts.ID, Response: response})
}

// findLeader returns the leader and its endpoint among endpoints.
func findLeader(ctx context.Context, f *cli.Factory, endpoints []string) (endpoint string, leader uint64, err error) {
	answers, err := askEach(ctx, f, endpoints, askStatus)
	if err != nil {
		return "", 0, err
	}
	var found etcd.Clusters
	for _, a := range answers {
		found.Add(a.Name(), (*pb.StatusResponse)(a.Response).GetHeader())
	}
	if err := found.Refuse(); err != nil {
		return "", 0, err
	}
	for _, a := range answers {
		if a.Err == nil && leads(a.Response) {
			return a.Endpoint, a.Response.Leader, nil
		}
	}
	for _, a := range answers {
		if a.Err != nil {
			return "", 0, a.Err
		}
	}
	return "", 0, exit.BadArgsf("no leader endpoint given at [%s]; endpoint status --cluster shows it", strings.Join(endpoints, " "))
}

func askStatus(ctx context.Context, c *etcd.Client, endpoint string) (*clientv3.StatusResponse, error) {
	return c.Status(ctx, endpoint)
}

func leads(s *clientv3.StatusResponse) bool { return s.Leader == s.Header.GetMemberId() }
