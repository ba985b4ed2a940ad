package user

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
		Short: "List all users",
		Args:  cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserListResponse, error) {
				return c.UserList(ctx)
			})
			if err != nil {
				return err
			}
			return f.Print(output.UserList{Response: response})
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
