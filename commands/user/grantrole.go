package user

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// grantRoleOptions holds the arguments and flags of "user grant-role".
type grantRoleOptions struct {
	User, Role  string
	IfNotExists bool
}

func newGrantRoleCmd(f *cli.Factory) *cobra.Command {
	opts := &grantRoleOptions{}
	cmd := &cobra.Command{
		Use:   "grant-role USER ROLE",
		Short: "Grant a role to a user",
		Long:  "Grant a role to a user. If the user already has the role, nothing changes.",
		Example: `  # Grant a role to a user.
  ectl user grant-role alice ops`,
		Args:              cli.Args(2, 2, "a user name and a role name"),
		RunE:              cli.RunRequest(f, opts, runGrantRole),
		ValidArgsFunction: completions.Args(f, completions.Users, completions.Roles),
	}
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "send no request for a change if the user already has the role")
	return cmd
}

// Complete implements cli.Options.
func (o *grantRoleOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.User, o.Role = args[0], args[1]
	return nil
}

func runGrantRole(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *grantRoleOptions) error {
	has, err := opts.has(ctx, f, c)
	if err != nil {
		return err
	}
	if has && opts.IfNotExists {
		f.Say(fmt.Sprintf("User %s has the role %s: unchanged", opts.User, opts.Role))
		return f.Print(output.RoleGranted(opts.User, opts.Role, nil).Unchanged())
	}
	response, err := c.UserGrantRole(ctx, opts.User, opts.Role)
	if err != nil {
		return err
	}
	change := output.RoleGranted(opts.User, opts.Role, response)
	if opts.IfNotExists {
		change = change.Idempotent()
	}
	if has {
		change = change.WithoutEffect()
	}
	if err := f.Print(change); err != nil {
		return err
	}
	f.WarnOfGrant(plan.Step{Verb: plan.GrantRole, User: opts.User, Role: opts.Role})
	return nil
}

// has reports whether the user already has the role, if the command needs to know that.
// The server does not report it. Without --if-not-exists, only ectl's own formats show
// it, so an error is ignored.
func (o *grantRoleOptions) has(ctx context.Context, f *cli.Factory, c *etcd.Client) (bool, error) {
	if !o.IfNotExists && f.Printer().Format().IsEtcdctls() {
		return false, nil
	}
	user, err := c.UserGet(ctx, o.User)
	switch {
	case err == nil:
		return slices.Contains(user.Roles, o.Role), nil
	case o.IfNotExists:
		return false, err
	}
	return false, nil
}
