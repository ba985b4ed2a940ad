package user

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// grantRoleOptions holds the arguments of "user grant-role".
type grantRoleOptions struct{ User, Role string }

func newGrantRoleCmd(f *cli.Factory) *cobra.Command {
	opts := &grantRoleOptions{}
	return &cobra.Command{
		Use:               "grant-role USER ROLE",
		Short:             "Grant a role to a user",
		Long:              "Grant a role to a user. If the user already has the role, nothing changes.",
		Args:              cli.Args(2, 2, "a user name and a role name"),
		RunE:              cli.RunRequest(f, opts, runGrantRole),
		ValidArgsFunction: completions.Args(f, completions.Users, completions.Roles),
	}
}

// Complete implements cli.Options.
func (o *grantRoleOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.User, o.Role = args[0], args[1]
	return nil
}

func runGrantRole(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *grantRoleOptions) error {
	response, err := c.UserGrantRole(ctx, opts.User, opts.Role)
	if err != nil {
		return err
	}
	return f.Print(output.RoleGranted(opts.User, opts.Role, response))
}
