package role

import (
	"context"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// addOptions is what "role add" was asked to do.
type addOptions struct {
	Name        string
	Permissions []*authpb.Permission // to grant; none: the role alone
	IfNotExists bool

	grants grantFlags
}

func newAddCmd(f *cli.Factory, run func(context.Context, *addOptions) error) *cobra.Command {
	opts := &addOptions{}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a role",
		Long: `Add a role, with permissions where --key-prefix, --key or --from-key name keys:
the role and all of its permissions, or nothing. --read and --write stand beside
the keys that they are for; several keys in a row share them. Each option can be
given several times. With a client certificate (--cert) the first --key is that
certificate's, as everywhere.

With --if-not-exists a role that exists is given the permissions that it lacks.
None is taken from it.`,
		Example: `  ` + f.Program + ` role add app
  ` + f.Program + ` role add app --key-prefix /app/ --read --write --key /config --read
  ` + f.Program + ` role add app --if-not-exists --key /a --range-end /b --read`,
		Args: cli.Args(1, 1, "a role name"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			opts.Name = args[0]
			opts.grants.leaveToConnection(&f.Connection)
			var err error
			if opts.Permissions, err = opts.grants.permissions(); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			if len(opts.Permissions) > 0 {
				return runAddWithPermissions(ctx, f, opts)
			}
			return runAdd(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	opts.grants.addFlags(cmd.Flags())
	for _, name := range []string{flagKey, flagKeyPrefix, flagFromKey, flagRangeEnd} {
		_ = cmd.RegisterFlagCompletionFunc(name, completions.Value(f, completions.Keys)) // the flag is there
	}
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "succeed where the role exists")
	return cmd
}

func runAdd(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleAddResponse, error) {
		return c.RoleAdd(ctx, opts.Name)
	})
	return f.PrintChange(output.RoleAdded(opts.Name, response), err, cli.Idempotent{
		Enabled:    opts.IfNotExists,
		NoOpErrors: []error{rpctypes.ErrRoleAlreadyExist},
		Message:    roleExists(opts.Name),
	})
}

func roleExists(name string) string { return "Role " + name + " exists" }
