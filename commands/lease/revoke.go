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

// revokeOptions holds the argument of "lease revoke".
type revokeOptions struct {
	ID clientv3.LeaseID
}

func newRevokeCmd(f *cli.Factory) *cobra.Command {
	opts := &revokeOptions{}
	return &cobra.Command{
		Use:               "revoke ID",
		Short:             "Revoke a lease and delete its keys",
		Long:              "Revoke a lease. The keys attached to it are deleted.",
		Example:           `  ectl lease revoke 694d7e4f1a2b3c05`,
		Args:              cli.Args(1, 1, "the ID of a lease"),
		RunE:              cli.RunRequest(f, opts, runRevoke),
		ValidArgsFunction: completions.Args(f, completions.Leases),
	}
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
