package lease

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

func newListCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all leases",
		Example: `  # List the IDs of all leases.
  ectl lease list`,
		// etcdctl ignores arguments here.
		Args: cobra.ArbitraryArgs,
		RunE: cli.RunRequest(f, cli.NoOptions{}, runList),
	}
}

func runList(ctx context.Context, f *cli.Factory, c *etcd.Client, _ cli.NoOptions) error {
	response, err := c.Leases(ctx)
	if err != nil {
		return exit.With(exit.BadConnection, err)
	}
	return f.Print(output.LeaseList{Response: response})
}
