package lease

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// keepAliveOptions is what "lease keep-alive" was asked to do.
type keepAliveOptions struct {
	ID   clientv3.LeaseID
	Once bool
}

func newKeepAliveCmd(f *cli.Factory, run func(context.Context, *keepAliveOptions) error) *cobra.Command {
	opts := &keepAliveOptions{}
	cmd := &cobra.Command{
		Use:   "keep-alive ID",
		Short: "Keep a lease alive",
		Long: `Keep a lease alive until the program is interrupted or the lease has gone. Lost
connections are made again for as long as the lease lives.`,
		Example: `  ` + f.Program + ` lease keep-alive 694d7e4f1a2b3c05
  ` + f.Program + ` lease keep-alive --once 694d7e4f1a2b3c05`,
		Args: cli.Args(1, 1, "the ID of a lease"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			id, err := parseID(args[0])
			if err != nil {
				return err
			}
			opts.ID = id
			switch {
			case run != nil:
				return run(ctx, opts)
			case opts.Once:
				return runKeepAliveOnce(ctx, f, opts)
			}
			return runKeepAlive(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Leases),
	}
	cmd.Flags().BoolVar(&opts.Once, "once", false, "renew the lease once and end")
	return cmd
}

func runKeepAliveOnce(ctx context.Context, f *cli.Factory, opts *keepAliveOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.LeaseKeepAliveResponse, error) {
		return c.KeepAliveOnce(ctx, opts.ID)
	})
	if err != nil {
		return exit.With(exit.BadConnection, err)
	}
	return f.Print(output.LeaseKeptAlive{Response: response})
}

func runKeepAlive(ctx context.Context, f *cli.Factory, opts *keepAliveOptions) error {
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	responses, err := client.KeepAlive(ctx, opts.ID)
	if err != nil {
		return exit.With(exit.BadConnection, err)
	}
	for response := range responses {
		if err := f.PrintNext(output.LeaseKeptAlive{Response: response}); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := confirmGone(ctx, f, opts.ID); err != nil {
		return exit.With(exit.BadConnection, err)
	}
	return f.PrintNext(output.LeaseGone{ID: opts.ID})
}

// confirmGone asks the server whether the lease has really gone. The client
// library also stops when the server cannot be reached for as long as the
// lease lives, or refuses it, and says the same in each case: nothing.
func confirmGone(ctx context.Context, f *cli.Factory, id clientv3.LeaseID) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.LeaseTimeToLiveResponse, error) {
		return c.TimeToLive(ctx, id)
	})
	switch {
	case err != nil:
		return err
	case response.TTL > 0:
		return fmt.Errorf("lease %016x could not be kept alive; it has %d seconds left", int64(id), response.TTL)
	}
	return nil
}
