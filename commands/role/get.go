package role

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newGetCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "get NAME",
		Short: "Show what a role allows",
		Example: `  ` + f.Program + ` role get app
  ` + f.Program + ` role get app -w table`,
		Args: cli.Args(1, 1, "a role name"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthRoleGetResponse, error) {
				return c.RoleGet(ctx, args[0])
			})
			if err != nil {
				return err
			}
			return f.Print(output.RoleInfo{Name: args[0], Response: response})
		}),
		ValidArgsFunction: completions.Args(f, completions.Roles),
	}
}
