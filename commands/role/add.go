package role

import (
	"context"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// addOptions holds the arguments and flags of "role add".
type addOptions struct {
	Name        string
	Permissions []*authpb.Permission // to grant; empty for a role without permissions
	IfNotExists bool

	grants grantFlags
}

func newAddCmd(f *cli.Factory) *cobra.Command {
	opts := &addOptions{}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a role",
		Long: `Add a role. --key-prefix, --key and --from-key grant it permissions on keys. The
role is added with all of these permissions, or not at all.

Put --read and --write next to the keys that they apply to. Several keys in a
row share them. Each option can be given several times. With a client
certificate (--cert), the first --key is the private key of the certificate, as
in every command.

With --if-not-exists, an existing role is granted the permissions that it lacks.
Its other permissions stay.`,
		Example: `  # Add a role without permissions.
  ectl role add app
  # Add it with two permissions, or not at all.
  ectl role add app --key-prefix /app/ --read --write --key /config --read
  # Grant what an existing role lacks.
  ectl role add app --if-not-exists --key /a --range-end /b --read`,
		Args: cli.Args(1, 1, "a role name"),
		RunE: cli.Run(f, opts, runAdd),
	}
	opts.grants.addFlags(cmd.Flags())
	for _, name := range []string{flagKey, flagKeyPrefix, flagFromKey, flagRangeEnd} {
		_ = cmd.RegisterFlagCompletionFunc(name, completions.Value(f, completions.Keys)) // fails only if the flag does not exist
	}
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "succeed if the role already exists")
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
	response, err := cli.CallWith(ctx, f, (*etcd.Client).RoleAdd, opts.Name)
	return f.PrintChange(output.RoleAdded(opts.Name, response), err, cli.Idempotent{
		Enabled:    opts.IfNotExists,
		NoOpErrors: []error{rpctypes.ErrRoleAlreadyExist},
		Message:    roleExists(opts.Name),
	})
}

func roleExists(name string) string { return "Role " + name + " exists" }
