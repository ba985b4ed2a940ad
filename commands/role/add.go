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

func newAddCmd(f *cli.Factory) *cobra.Command {
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
		Example: `  ectl role add app
  ectl role add app --key-prefix /app/ --read --write --key /config --read
  ectl role add app --if-not-exists --key /a --range-end /b --read`,
		Args: cli.Args(1, 1, "a role name"),
		RunE: cli.Run(f, opts, runAdd),
	}
	opts.grants.addFlags(cmd.Flags())
	for _, name := range []string{flagKey, flagKeyPrefix, flagFromKey, flagRangeEnd} {
		_ = cmd.RegisterFlagCompletionFunc(name, completions.Value(f, completions.Keys)) // the flag is there
	}
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "succeed where the role exists")
	return cmd
}

// Complete implements cli.Options.
func (o *addOptions) Complete(f *cli.Factory, _ *cobra.Command, args []string) (err error) {
	o.Name = args[0]
	o.grants.leaveToConnection(&f.Connection)
	o.Permissions, err = o.grants.permissions()
	return err
}

func runAdd(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	if len(opts.Permissions) > 0 {
		return runAddWithPermissions(ctx, f, opts)
	}
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
