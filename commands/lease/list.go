package lease

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

func newListCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all leases",
		// etcdctl ignores arguments here.
		Args: cobra.ArbitraryArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.LeaseLeasesResponse, error) {
				return c.Leases(ctx)
			})
			if err != nil {
				return exit.With(exit.BadConnection, err)
			}
			return f.Print(output.LeaseList{Response: response})
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
