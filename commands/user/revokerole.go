package user

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// revokeRoleOptions holds the arguments and flags of "user revoke-role".
type revokeRoleOptions struct {
	User, Role string
	IfExists   bool
}

func newRevokeRoleCmd(f *cli.Factory) *cobra.Command {
	opts := &revokeRoleOptions{}
	cmd := &cobra.Command{
		Use:   "revoke-role USER ROLE",
		Short: "Revoke a role from a user",
		Example: `  # Revoke a role from a user.
  ectl user revoke-role alice app`,
		Args:              cli.Args(2, 2, "a user name and a role name"),
		RunE:              cli.RunRequest(f, opts, runRevokeRole),
		ValidArgsFunction: completions.Args(f, completions.Users, completions.RolesOfUser),
	}
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed without a change if the user does not have the role")
	return cli.Destroys(f, cmd, opts, cli.Destruction[*revokeRoleOptions]{Hits: revokeRoleHits})
}

// revokeRoleHits describes the role that is revoked.
func revokeRoleHits(ctx context.Context, f *cli.Factory, opts *revokeRoleOptions) (string, error) {
	return cli.HitsOf("revoke role "+opts.Role+" from user "+opts.User, func() (string, error) {
		user, err := cli.CallWith(ctx, f, (*etcd.Client).UserGet, opts.User)
		switch {
		case err != nil:
			return "", err
		case !slices.Contains(user.Roles, opts.Role):
			return "", rpctypes.ErrRoleNotFound
		}
		return ", who has " + cli.Listed("role", user.Roles), nil
	})
}

// Complete implements cli.Options.
func (o *revokeRoleOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.User, o.Role = args[0], args[1]
	return nil
}

func runRevokeRole(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *revokeRoleOptions) error {
	before, known := f.AccessBefore(ctx)
	response, err := c.UserRevokeRole(ctx, opts.User, opts.Role)
	printed := f.PrintChange(output.RoleRevoked(opts.User, opts.Role, response), err, cli.Idempotent{
		Enabled:    opts.IfExists,
		NoOpErrors: []error{rpctypes.ErrRoleNotGranted, rpctypes.ErrUserNotFound},
		Message:    fmt.Sprintf("User %s does not have the role %s", opts.User, opts.Role),
	})
	if err == nil && printed == nil && known {
		f.SayLost(before, before.WithoutMembership(opts.User, opts.Role))
	}
	return printed
}
