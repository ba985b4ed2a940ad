package role

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// revokePermissionOptions is what "role revoke-permission" was asked to do.
type revokePermissionOptions struct {
	Role     string
	Range    permRange
	IfExists bool
}

func newRevokePermissionCmd(f *cli.Factory, run func(context.Context, *revokePermissionOptions) error) *cobra.Command {
	opts := &revokePermissionOptions{}
	cmd := &cobra.Command{
		Use:   "revoke-permission ROLE KEY [END]",
		Short: "Revoke a permission on a key or a range of keys from a role",
		Long: `Revoke a permission from a role. The key and the end, or the option, must be
those that it was granted with: a part of a range cannot be revoked.`,
		Args: cli.Args(2, cli.Unlimited, "a role name and a key [and an end key]"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			opts.Role = args[0]
			if err := opts.Range.complete(f, args[1:]); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runRevokePermission(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Roles, completions.KeysOfRole, completions.EndsOfRole),
	}
	opts.Range.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed, and change nothing, where the role does not have the permission")
	return cmd
}

func runRevokePermission(ctx context.Context, f *cli.Factory, opts *revokePermissionOptions) error {
	key, end := string(opts.Range.Key), string(opts.Range.End)
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleRevokePermissionResponse, error) {
		return c.RoleRevokePermission(ctx, opts.Role, key, end)
	})
	return f.PrintChange(output.PermissionRevoked(opts.Role, opts.Range.named, key, end, response), err, cli.Idempotent{
		Enabled:    opts.IfExists,
		NoOpErrors: []error{rpctypes.ErrPermissionNotGranted, rpctypes.ErrRoleNotFound},
		Message:    fmt.Sprintf("Role %s has no permission on %s", opts.Role, opts.Range.Range),
	})
}
