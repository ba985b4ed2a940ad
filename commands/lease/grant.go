package lease

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// grantOptions is what "lease grant" was asked to do.
type grantOptions struct {
	TTL int64 // in seconds
}

func newGrantCmd(f *cli.Factory, run func(context.Context, *grantOptions) error) *cobra.Command {
	opts := &grantOptions{}
	return &cobra.Command{
		Use:   "grant TTL",
		Short: "Grant a lease",
		Long: `Grant a lease of TTL seconds. Attach keys to it with "put --lease ID", and keep
it alive with "lease keep-alive ID". The server raises a TTL that is too short.`,
		Example: `  ` + f.Program + ` lease grant 60`,
		Args:    cli.Args(1, 1, "a time to live in seconds"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			ttl, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return exit.BadArgsf("%q is no time to live, which is a whole number of seconds", args[0])
			}
			opts.TTL = ttl
			if run != nil {
				return run(ctx, opts)
			}
			return runGrant(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func runGrant(ctx context.Context, f *cli.Factory, opts *grantOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.LeaseGrantResponse, error) {
		response, err := c.Grant(ctx, opts.TTL)
		if err != nil {
			return nil, fmt.Errorf("failed to grant lease (%w)", err) // as in etcdctl, and no login that failed
		}
		return response, nil
	})
	if err != nil {
		return err
	}
	return f.Print(output.LeaseGranted{Response: response})
}
