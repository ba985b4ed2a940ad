package lease

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// revokeOptions is what "lease revoke" was asked to do.
type revokeOptions struct {
	ID clientv3.LeaseID
}

func newRevokeCmd(f *cli.Factory, run func(context.Context, *revokeOptions) error) *cobra.Command {
	opts := &revokeOptions{}
	return &cobra.Command{
		Use:     "revoke ID",
		Short:   "Revoke a lease",
		Long:    "Revoke a lease. The keys that are attached to it are deleted.",
		Example: `  ` + f.Program + ` lease revoke 694d7e4f1a2b3c05`,
		Args:    cli.Args(1, 1, "the ID of a lease"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			id, err := parseID(args[0])
			if err != nil {
				return err
			}
			opts.ID = id
			if run != nil {
				return run(ctx, opts)
			}
			return runRevoke(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Leases),
	}
}

func runRevoke(ctx context.Context, f *cli.Factory, opts *revokeOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.LeaseRevokeResponse, error) {
		response, err := c.Revoke(ctx, opts.ID)
		if err != nil {
			return nil, fmt.Errorf("failed to revoke lease (%w)", err) // as in etcdctl, and no login that failed
		}
		return response, nil
	})
	if err != nil {
		return err
	}
	return f.Print(output.LeaseRevoked{ID: opts.ID, Response: response})
}
