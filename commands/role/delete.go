package role

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

// deleteOptions holds the arguments and flags of "role delete".
type deleteOptions struct {
	Name     string
	IfExists bool
}

func newDeleteCmd(f *cli.Factory) *cobra.Command {
	opts := &deleteOptions{}
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"remove"}, // etcd's documentation uses both names
		Short:   "Delete a role and revoke it from its users",
		Example: `  # Delete a role. Its users lose it.
  ectl role delete ops`,
		Args:              cli.Args(1, 1, "a role name"),
		RunE:              cli.RunRequest(f, opts, runDelete),
		ValidArgsFunction: completions.Args(f, completions.Roles),
	}
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed without a change if the role does not exist")
	return cli.Destroys(f, cmd, opts, cli.Destruction[*deleteOptions]{Hits: deleteHits})
}

// deleteHits describes the role that is deleted, and who has it.
func deleteHits(ctx context.Context, f *cli.Factory, opts *deleteOptions) (string, error) {
	return cli.HitsOf("delete role "+opts.Name, func() (string, error) {
		snapshot, err := reader.ReadAs(ctx, f.Session)
		if err != nil {
			return "", err
		}
		role, found := snapshot.Roles[opts.Name]
		if !found {
			return "", rpctypes.ErrRoleNotFound
		}
		return " with " + quantity.Of(len(role.Permissions), "permission") + holders(snapshot.State, opts.Name), nil
	})
}

// holders describes the users that have a role.
func holders(s access.State, role string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.Users)) {
		if slices.Contains(s.Users[name].Roles, role) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ", which no user has"
	}
	return " of " + cli.Listed("user", names)
}

// Complete implements cli.Options.
func (o *deleteOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	return nil
}

func runDelete(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *deleteOptions) error {
	before, known := f.AccessBefore(ctx)
	response, err := c.RoleDelete(ctx, opts.Name)
	printed := f.PrintChange(output.RoleDeleted(opts.Name, response), err, cli.Idempotent{
		Enabled:    opts.IfExists,
		NoOpErrors: []error{rpctypes.ErrRoleNotFound},
		Message:    "Role " + opts.Name + " does not exist",
	})
	if err == nil && printed == nil && known {
		f.SayLost(before, before.WithoutRole(opts.Name))
	}
	return printed
}
