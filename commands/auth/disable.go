package auth

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newDisableCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "disable",
		Short: "Turn authentication off: everybody may do everything",
		Args:  cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			_, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthDisableResponse, error) {
				return c.AuthDisable(ctx)
			})
			if err != nil {
				return err
			}
			return f.Print(output.AuthSwitched{Enabled: false})
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
