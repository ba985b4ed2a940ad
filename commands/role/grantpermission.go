package role

import (
	"context"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/authpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// grantPermissionOptions holds the arguments and flags of "role grant-permission".
type grantPermissionOptions struct {
	Role   string
	Access authpb.Permission_Type
	Range  cli.KeyRange
}

func newGrantPermissionCmd(f *cli.Factory) *cobra.Command {
	opts := &grantPermissionOptions{}
	cmd := &cobra.Command{
		Use:   "grant-permission ROLE read|write|readwrite KEY [END]",
		Short: "Grant a permission on a key or a range of keys to a role",
		Long: `Grant a permission on keys to a role. KEY alone is one key. KEY END is the range
from KEY up to END, without END. --prefix and --from-key are larger ranges.

The prefix /app also covers /app2. To avoid this, end a prefix with the
separator: /app/.`,
		Example: `  ectl role grant-permission app readwrite /app/ --prefix
  ectl role grant-permission app read /config`,
		Args:              cli.Args(3, cli.Unlimited, "a role name, read, write or readwrite, and a key [and an end key]"),
		RunE:              cli.RunRequest(f, opts, runGrantPermission),
		ValidArgsFunction: completions.Args(f, completions.Roles, completions.AccessKinds, completions.Keys, completions.Keys),
	}
	opts.Range.AddFlags(cmd.Flags(), "grant the permission on")
	return cmd
}

// Complete implements cli.Options.
func (o *grantPermissionOptions) Complete(f *cli.Factory, _ *cobra.Command, args []string) error {
	o.Role = args[0]
	kind, err := clientv3.StrToPermissionType(args[1])
	if err != nil {
		return exit.BadArgsf("%w: want read, write or readwrite%s", err, cli.AccessHint(args[1]))
	}
	o.Access = authpb.Permission_Type(kind)
	warnOfIgnoredEnd(f, args[2:])
	return o.Range.Complete(args[2:], cli.EmptyKeyIsFirst)
}

func runGrantPermission(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *grantPermissionOptions) error {
	key, end := opts.Range.Key, opts.Range.End
	response, err := c.RoleGrantPermission(ctx, opts.Role, key, end, clientv3.PermissionType(opts.Access))
	if err != nil {
		return err
	}
	return f.Print(output.PermissionGranted(opts.Role, &authpb.Permission{PermType: opts.Access, Key: []byte(key), RangeEnd: []byte(end)}, response))
}
