package auth

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newStatusCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show whether authentication is on",
		Args:  cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthStatusResponse, error) {
				return c.AuthStatus(ctx)
			})
			if err != nil {
				return err
			}
			return f.Print(output.AuthStatus{Response: response})
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
