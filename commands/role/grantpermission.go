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
	Range  permRange
}

func newGrantPermissionCmd(f *cli.Factory, run func(context.Context, *grantPermissionOptions) error) *cobra.Command {
	opts := &grantPermissionOptions{}
	cmd := &cobra.Command{
		Use:   "grant-permission ROLE read|write|readwrite KEY [END]",
		Short: "Grant a permission on a key or a range of keys to a role",
		Long: `Grant a permission to a role: on one key, on the keys from KEY up to END
(without END), or, with an option, on a prefix or on all keys from KEY on.

The prefix /app also covers /app2: end a prefix with the separator, /app/.`,
		Example: `  ` + f.Program + ` role grant-permission app readwrite /app/ --prefix
  ` + f.Program + ` role grant-permission app read /config`,
		Args: cli.Args(3, cli.Unlimited, "a role name, read, write or readwrite, and a key [and an end key]"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			if err := opts.complete(f, args); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runGrantPermission(ctx, f, opts)
		}),
		ValidArgsFunction: completions.Args(f, completions.Roles, completions.AccessKinds, completions.Keys, completions.Keys),
	}
	opts.Range.addFlags(cmd.Flags())
	return cmd
}

func (o *grantPermissionOptions) complete(f *cli.Factory, args []string) error {
	o.Role = args[0]
	kind, err := clientv3.StrToPermissionType(args[1])
	if err != nil {
		return exit.BadArgsf("%w; it is read, write or readwrite", err)
	}
	o.Access = authpb.Permission_Type(kind)
	return o.Range.complete(f, args[2:])
}

func runGrantPermission(ctx context.Context, f *cli.Factory, opts *grantPermissionOptions) error {
	key, end := opts.Range.Key, opts.Range.End
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleGrantPermissionResponse, error) {
		return c.RoleGrantPermission(ctx, opts.Role, string(key), string(end), clientv3.PermissionType(opts.Access))
	})
	if err != nil {
		return err
	}
	return f.Print(output.PermissionGranted(opts.Role, &authpb.Permission{PermType: opts.Access, Key: key, RangeEnd: end}, response))
}
