package lease

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// timeToLiveOptions holds the arguments and flags of "lease timetolive".
type timeToLiveOptions struct {
	ID   clientv3.LeaseID
	Keys bool
}

func newTimeToLiveCmd(f *cli.Factory) *cobra.Command {
	opts := &timeToLiveOptions{}
	cmd := &cobra.Command{
		Use:   "timetolive ID",
		Short: "Show the remaining time of a lease and its keys",
		Long: `Show the granted and the remaining seconds of a lease. For a lease that does not
exist, the command reports that it has expired, and succeeds.`,
		Example: `  # Show its time to live, and its keys.
  ectl lease timetolive 694d7e4f1a2b3c05 --keys`,
		Args:              cli.Args(1, 1, "the ID of a lease"),
		RunE:              cli.RunRequest(f, opts, runTimeToLive),
		ValidArgsFunction: completions.Args(f, completions.Leases),
	}
	cmd.Flags().BoolVar(&opts.Keys, "keys", false, "also show the keys attached to the lease")
	return cmd
}

// Complete implements cli.Options.
func (o *timeToLiveOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	id, err := parseID(args[0])
	if err != nil {
		return err
	}
	o.ID = id
	return nil
}

func runTimeToLive(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *timeToLiveOptions) error {
	var options []clientv3.LeaseOption
	if opts.Keys {
		options = append(options, clientv3.WithAttachedKeys())
	}
	response, err := c.TimeToLive(ctx, opts.ID, options...)
	if err != nil {
		return exit.With(exit.BadConnection, err)
	}
	return f.Print(output.LeaseInfo{Keys: opts.Keys, Response: response})
}
