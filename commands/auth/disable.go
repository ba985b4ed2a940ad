package auth

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newDisableCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "disable",
		Short: "Disable authentication: every client gets full access",
		Args:  cli.NoArgs,
		RunE:  cli.RunRequest(f, cli.NoOptions{}, runDisable),
	}
}

func runDisable(ctx context.Context, f *cli.Factory, c *etcd.Client, _ cli.NoOptions) error {
	if _, err := c.AuthDisable(ctx); err != nil {
		return err
	}
	return f.Print(output.AuthSwitched{Enabled: false})
}
