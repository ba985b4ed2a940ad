package role

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// listOptions holds the flags of "role list".
type listOptions struct{ Detail bool }

func newListCmd(f *cli.Factory) *cobra.Command {
	opts := &listOptions{}
	names, details := cli.RunRequest(f, opts, runList), cli.Run(f, opts, runListDetail)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List all roles",
		Long: `List all roles. With --detail, also list the permissions of each role, and the
users who hold it. Only root may use --detail.`,
		Example: `  # List the names.
  ectl role list
  # Also show the permissions and the users.
  ectl role list --detail`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.Detail {
				return details(cmd, args)
			}
			return names(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&opts.Detail, "detail", false, "also list permissions, and the users who hold each role")
	return cmd
}

// Complete implements cli.Options.
func (*listOptions) Complete(*cli.Factory, *cobra.Command, []string) error { return nil }

func runList(ctx context.Context, f *cli.Factory, c *etcd.Client, _ *listOptions) error {
	response, err := c.RoleList(ctx)
	if err != nil {
		return err
	}
	return f.Print(output.RoleList{Response: response})
}

func runListDetail(ctx context.Context, f *cli.Factory, _ *listOptions) error {
	snapshot, err := reader.ReadAs(ctx, f.Session)
	if err != nil {
		return err
	}
	return f.Print(output.RoleDetails{State: snapshot.State})
}
