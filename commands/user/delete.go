package user

import (
	"context"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// deleteOptions holds the arguments and flags of "user delete".
type deleteOptions struct {
	Name     string
	IfExists bool
}

func newDeleteCmd(f *cli.Factory) *cobra.Command {
	opts := &deleteOptions{}
	cmd := &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a user",
		Long:  "Delete a user. Its open watches continue until it reconnects. Its leases live as\nlong as its open connections keep them alive.",
		Example: `  # Print what would be deleted.
  ectl user delete bob --dry-run
  # Delete a user, if it exists.
  ectl user delete bob --if-exists`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.RunRequest(f, opts, runDelete),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed without a change if the user does not exist")
	return cli.Destroys(f, cmd, opts, cli.Destruction[*deleteOptions]{Hits: deleteHits})
}

// deleteHits describes the user that is deleted.
func deleteHits(ctx context.Context, f *cli.Factory, opts *deleteOptions) (string, error) {
	return userHits(ctx, f, "delete user ", opts.Name)
}

// userHits describes a user with its roles.
func userHits(ctx context.Context, f *cli.Factory, verb, name string) (string, error) {
	return cli.HitsOf(verb+name, func() (string, error) {
		user, err := cli.CallWith(ctx, f, (*etcd.Client).UserGet, name)
		if err != nil {
			return "", err
		}
		return " with " + cli.Listed("role", user.Roles), nil
	})
}

// Complete implements cli.Options.
func (o *deleteOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	return nil
}

func runDelete(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *deleteOptions) error {
	before, known := f.AccessBefore(ctx)
	response, err := c.UserDelete(ctx, opts.Name)
	printed := f.PrintChange(output.UserDeleted(opts.Name, response), err, cli.Idempotent{
		Enabled:    opts.IfExists,
		NoOpErrors: []error{rpctypes.ErrUserNotFound},
		Message:    doesNotExist(opts.Name),
	})
	if err == nil && printed == nil && known {
		f.SayLost(before, before.WithoutUser(opts.Name))
	}
	return printed
}

func doesNotExist(name string) string { return "User " + name + " does not exist" }
