package user

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newListCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all users",
		Args:  cli.NoArgs,
		RunE:  cli.RunRequest(f, cli.NoOptions{}, runList),
	}
}

func runList(ctx context.Context, f *cli.Factory, c *etcd.Client, _ cli.NoOptions) error {
	response, err := c.UserList(ctx)
	if err != nil {
		return err
	}
	return f.Print(output.UserList{Response: response})
}
