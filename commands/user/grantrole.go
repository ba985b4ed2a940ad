package user

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// grantRoleOptions is what "user grant-role" was asked to do.
type grantRoleOptions struct{ User, Role string }

func newGrantRoleCmd(f *cli.Factory, run func(context.Context, *grantRoleOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "grant-role USER ROLE",
		Short: "Grant a role to a user",
		Long:  "Grant a role to a user. Granting a role that the user has changes nothing.",
		Args:  cli.Args(2, 2, "a user name and a role name"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			opts := &grantRoleOptions{User: args[0], Role: args[1]}
			if run != nil {
				return run(ctx, opts)
			}
			return runGrantRole(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Users, completions.Roles),
	}
}

func runGrantRole(ctx context.Context, f *cli.Factory, opts *grantRoleOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserGrantRoleResponse, error) {
		return c.UserGrantRole(ctx, opts.User, opts.Role)
	})
	if err != nil {
		return err
	}
	return f.Print(output.RoleGranted(opts.User, opts.Role, response))
}
