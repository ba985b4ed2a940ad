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

// grantPermissionOptions is what "role grant-permission" was asked to do.
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
		Long: `Grant a permission to a role: on one key, on the keys from KEY up to END
(without END), or, with an option, on a prefix or on all keys from KEY on.

The prefix /app also covers /app2: end a prefix with the separator, /app/.`,
		Example: `  ectl role grant-permission app readwrite /app/ --prefix
  ectl role grant-permission app read /config`,
		Args:              cli.Args(3, cli.Unlimited, "a role name, read, write or readwrite, and a key [and an end key]"),
		RunE:              cli.RunRequest(f, opts, runGrantPermission),
		ValidArgsFunction: completions.Args(f, completions.Roles, completions.AccessKinds, completions.Keys, completions.Keys),
	}
	opts.Range.AddFlags(cmd.Flags(), "allow it on")
	return cmd
}

// Complete implements cli.Options.
func (o *grantPermissionOptions) Complete(f *cli.Factory, _ *cobra.Command, args []string) error {
	o.Role = args[0]
	kind, err := clientv3.StrToPermissionType(args[1])
	if err != nil {
		return exit.BadArgsf("%w; it is read, write or readwrite", err)
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
