package role

import (
	"context"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// addOptions is what "role add" was asked to do.
type addOptions struct {
	Name        string
	IfNotExists bool
}

func newAddCmd(f *cli.Factory, run func(context.Context, *addOptions) error) *cobra.Command {
	opts := &addOptions{}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a role",
		Args:  cli.Args(1, 1, "a role name"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			opts.Name = args[0]
			if run != nil {
				return run(ctx, opts)
			}
			return runAdd(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&opts.IfNotExists, "if-not-exists", false, "succeed, and change nothing, where the role exists")
	return cmd
}

func runAdd(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleAddResponse, error) {
		return c.RoleAdd(ctx, opts.Name)
	})
	return f.PrintChange(output.RoleAdded(opts.Name, response), err, cli.Again{
		Allowed: opts.IfNotExists,
		Errors:  []error{rpctypes.ErrRoleAlreadyExist},
		Reason:  "Role " + opts.Name + " exists",
	})
}
