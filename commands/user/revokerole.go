package user

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

// revokeRoleOptions is what "user revoke-role" was asked to do.
type revokeRoleOptions struct {
	User, Role string
	IfExists   bool
}

func newRevokeRoleCmd(f *cli.Factory, run func(context.Context, *revokeRoleOptions) error) *cobra.Command {
	opts := &revokeRoleOptions{}
	cmd := &cobra.Command{
		Use:   "revoke-role USER ROLE",
		Short: "Revoke a role from a user",
		Args:  cli.Args(2, 2, "a user name and a role name"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			opts.User, opts.Role = args[0], args[1]
			if run != nil {
				return run(ctx, opts)
			}
			return runRevokeRole(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Users, completions.RolesOfUser),
	}
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed, and change nothing, where the user does not have the role")
	return cmd
}

func runRevokeRole(ctx context.Context, f *cli.Factory, opts *revokeRoleOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserRevokeRoleResponse, error) {
		return c.UserRevokeRole(ctx, opts.User, opts.Role)
	})
	return f.PrintChange(output.RoleRevoked(opts.User, opts.Role, response), err, cli.Idempotent{
		Enabled:    opts.IfExists,
		NoOpErrors: []error{rpctypes.ErrRoleNotGranted, rpctypes.ErrUserNotFound},
		Message:    fmt.Sprintf("User %s does not have the role %s", opts.User, opts.Role),
	})
}
