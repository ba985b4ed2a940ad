package lease

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/keepalive"
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
	for until := time.Now().Add(f.Connection.CommandTimeout); ; {
		gone, err := keep(ctx, f, client, opts.ID, until)
		if err != nil {
			return err
		}
		if !gone {
			left, err := timeToLive(ctx, f, opts.ID)
			if err != nil {
				return exit.With(exit.BadConnection, err)
			}
			if gone, until = left <= 0, time.Now().Add(left); !gone {
				continue // a new leader gives every lease its whole time again
			}
		}
		return f.PrintNext(output.LeaseGone{ID: opts.ID})
	}
}

// keep keeps the lease alive until it has gone, or nobody could be asked for as
// long as it lives. The error is that of the output, or the cause of ctx's end.
func keep(ctx context.Context, f *cli.Factory, client *etcd.Client, id clientv3.LeaseID, until time.Time) (gone bool, err error) {
	var printErr error
	err = keepalive.New(client, id, 0, until).Keep(ctx, func(r *pb.LeaseKeepAliveResponse) error {
		printErr = f.PrintNext(output.LeaseKeptAlive{Response: &clientv3.LeaseKeepAliveResponse{
			ResponseHeader: r.GetHeader(), ID: clientv3.LeaseID(r.GetID()), TTL: r.GetTTL(),
		}})
		return printErr
	})
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case printErr != nil:
		return false, printErr
	}
	return errors.Is(err, keepalive.ErrGone), nil
}

// timeToLive asks how long a lease lives that could not be renewed.
func timeToLive(ctx context.Context, f *cli.Factory, id clientv3.LeaseID) (time.Duration, error) {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.LeaseTimeToLiveResponse, error) {
		return c.TimeToLive(ctx, id)
	})
	if err != nil {
		return 0, err
	}
	return time.Duration(response.TTL) * time.Second, nil
}
