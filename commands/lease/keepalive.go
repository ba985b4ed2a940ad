package lease

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/keepalive"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/output"
)

// keepAliveOptions holds the arguments and flags of "lease keep-alive".
type keepAliveOptions struct {
	ID   clientv3.LeaseID
	Once bool
}

func newKeepAliveCmd(f *cli.Factory) *cobra.Command {
	opts := &keepAliveOptions{}
	cmd := &cobra.Command{
		Use:   "keep-alive ID",
		Short: "Keep a lease alive",
		Long: `Keep a lease alive until the program is interrupted or the lease expires. Lost
connections are re-established while the lease lives. A warning is printed if no
server answers for longer than the timeout, and another when one answers again.`,
		Example: `  # Renew it until it is interrupted.
  ectl lease keep-alive 694d7e4f1a2b3c05
  # Renew it once.
  ectl lease keep-alive --once 694d7e4f1a2b3c05`,
		Args:              cli.Args(1, 1, "the ID of a lease"),
		RunE:              cli.Run(f, opts, runKeepAlive),
		ValidArgsFunction: completions.Args(f, completions.Leases),
	}
	cmd.Flags().BoolVar(&opts.Once, "once", false, "renew the lease once and exit")
	return cmd
}

// Complete implements cli.Options.
func (o *keepAliveOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) (err error) {
	o.ID, err = parseID(args[0])
	return err
}

func runKeepAliveOnce(ctx context.Context, f *cli.Factory, opts *keepAliveOptions) error {
	response, err := cli.CallWith(ctx, f, (*etcd.Client).KeepAliveOnce, opts.ID)
	if err != nil {
		return exit.With(exit.BadConnection, err)
	}
	return f.Print(output.LeaseKeptAlive{Response: response})
}

func runKeepAlive(ctx context.Context, f *cli.Factory, opts *keepAliveOptions) error {
	if opts.Once {
		return runKeepAliveOnce(ctx, f, opts)
	}
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	show := f.Results()
	missing := &outage.Outage{
		Patience: f.Connection.CommandTimeout,
		Overdue: func(reason error) {
			f.Warn(fmt.Sprintf("no server answers, still trying: %v", client.Explain(ctx, reason)))
		},
		Resumed: func(time.Duration) { f.Warn("a server answers again") },
	}
	err = keepalive.UntilGone(ctx, client, opts.ID, missing, func(r *pb.LeaseKeepAliveResponse) error {
		return show(output.LeaseKeptAlive{Response: &clientv3.LeaseKeepAliveResponse{
			ResponseHeader: r.GetHeader(), ID: clientv3.LeaseID(r.GetID()), TTL: r.GetTTL(),
		}})
	})
	if err != nil {
		return err
	}
	return show(output.LeaseGone{ID: opts.ID})
}
