package lease

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// revokeOptions holds the argument of "lease revoke".
type revokeOptions struct {
	ID clientv3.LeaseID
}

func newRevokeCmd(f *cli.Factory) *cobra.Command {
	opts := &revokeOptions{}
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke a lease and delete its keys",
		Long:  "Revoke a lease. The keys attached to it are deleted.",
		Example: `  # Revoke it, and delete its keys.
  ectl lease revoke 694d7e4f1a2b3c05`,
		Args:              cli.Args(1, 1, "the ID of a lease"),
		RunE:              cli.RunRequest(f, opts, runRevoke),
		ValidArgsFunction: completions.Args(f, completions.Leases),
	}
	return cli.Destroys(f, cmd, opts, cli.Destruction[*revokeOptions]{Hits: revokeHits})
}

// revokeHits describes the lease that is revoked, and its keys.
func revokeHits(ctx context.Context, f *cli.Factory, opts *revokeOptions) (string, error) {
	return cli.HitsOf(fmt.Sprintf("revoke lease %016x", opts.ID), func() (string, error) {
		lease, err := cli.Call(ctx, f, opts.withKeys)
		if err != nil {
			return "", err
		}
		if lease.TTL < 0 {
			return "", rpctypes.ErrLeaseNotFound
		}
		keys := make([]string, 0, len(lease.Keys))
		for _, key := range lease.Keys {
			keys = append(keys, access.DescribeKey(key))
		}
		return " and delete " + cli.Listed("key", keys), nil
	})
}

// withKeys requests the lease with its keys.
func (o *revokeOptions) withKeys(ctx context.Context, c *etcd.Client) (*clientv3.LeaseTimeToLiveResponse, error) {
	return c.TimeToLive(ctx, o.ID, clientv3.WithAttachedKeys())
}

// Complete implements cli.Options.
func (o *revokeOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	id, err := parseID(args[0])
	if err != nil {
		return err
	}
	o.ID = id
	return nil
}

func runRevoke(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *revokeOptions) error {
	response, err := c.Revoke(ctx, opts.ID)
	if err != nil {
		return fmt.Errorf("failed to revoke lease (%w)", err) // etcdctl's status, which a failed login also has
	}
	return f.Print(output.LeaseRevoked{ID: opts.ID, Response: response})
}
