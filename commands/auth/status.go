package auth

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newStatusCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show whether authentication is enabled",
		Example: `  # Print whether authentication is on, and the revision of users and roles.
  ectl auth status`,
		Args: cli.NoArgs,
		RunE: cli.RunRequest(f, cli.NoOptions{}, runStatus),
	}
}

func runStatus(ctx context.Context, f *cli.Factory, c *etcd.Client, _ cli.NoOptions) error {
	response, err := c.AuthStatus(ctx)
	if err != nil {
		return err
	}
	return f.Print(output.AuthStatus{Response: response})
}
