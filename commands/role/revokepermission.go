package role

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// revokePermissionOptions holds the arguments and flags of "role revoke-permission".
type revokePermissionOptions struct {
	Role     string
	Key      string // as given on the command line
	Range    cli.KeyRange
	IfExists bool
}

func newRevokePermissionCmd(f *cli.Factory) *cobra.Command {
	opts := &revokePermissionOptions{}
	cmd := &cobra.Command{
		Use:   "revoke-permission ROLE KEY [END]",
		Short: "Revoke a permission on a key or a range of keys from a role",
		Long: `Revoke a permission from a role. Give the same key and end, or the same option,
as for the grant. Part of a range cannot be revoked.`,
		Example: `  # Revoke the permission on a prefix.
  ectl role revoke-permission app /app/ --prefix`,
		Args:              cli.Args(2, cli.Unlimited, "a role name and a key [and an end key]"),
		RunE:              cli.RunRequest(f, opts, runRevokePermission),
		ValidArgsFunction: completions.Args(f, completions.Roles, completions.KeysOfRole, completions.EndsOfRole),
	}
	opts.Range.AddFlags(cmd.Flags(), "revoke the permission on")
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed without a change if the role does not have the permission")
	return cli.Destroys(f, cmd, opts, cli.Destruction[*revokePermissionOptions]{Hits: revokePermissionHits})
}

// revokePermissionHits describes the permission that is revoked, and who has the role.
func revokePermissionHits(ctx context.Context, f *cli.Factory, opts *revokePermissionOptions) (string, error) {
	return cli.HitsOf("revoke "+opts.Range.String()+" from role "+opts.Role, func() (string, error) {
		snapshot, err := reader.ReadAs(ctx, f.Session)
		if err != nil {
			return "", err
		}
		if _, found := snapshot.Roles[opts.Role]; !found {
			return "", rpctypes.ErrRoleNotFound
		}
		return holders(snapshot.State, opts.Role), nil
	})
}

// Complete implements cli.Options.
func (o *revokePermissionOptions) Complete(f *cli.Factory, _ *cobra.Command, args []string) error {
	o.Role = args[0]
	o.Key = args[1]
	warnOfIgnoredEnd(f, args[1:])
	return o.Range.Complete(args[1:], cli.EmptyKeyIsFirst)
}

func runRevokePermission(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *revokePermissionOptions) error {
	key, end := opts.Range.Key, opts.Range.End
	before, known := f.AccessBefore(ctx)
	response, err := c.RoleRevokePermission(ctx, opts.Role, key, end)
	printed := f.PrintChange(output.PermissionRevoked(opts.Role, opts.Key, key, end, response), err, cli.Idempotent{
		Enabled:    opts.IfExists,
		NoOpErrors: []error{rpctypes.ErrPermissionNotGranted, rpctypes.ErrRoleNotFound},
		Message:    fmt.Sprintf("Role %s has no permission on %s", opts.Role, opts.Range.Range()),
	})
	if err == nil && printed == nil && known {
		f.SayLost(before, before.WithoutPermissions(opts.Role, opts.Range.Range()))
	}
	return printed
}
