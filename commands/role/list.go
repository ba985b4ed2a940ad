package role

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newListCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all roles",
		Args:  cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleListResponse, error) {
				return c.RoleList(ctx)
			})
			if err != nil {
				return err
			}
			return f.Print(output.RoleList{Response: response})
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
