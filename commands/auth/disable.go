package auth

import (
	"context"
	"errors"

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
	if err := errors.Join(f.Print(output.AuthSwitched{Enabled: false}), f.Printer().Flush()); err != nil {
		return err
	}
	if f.Explains() {
		f.Say("Every client can now read and write every key, and change users and roles.")
		f.Say("To take it back:")
		f.Say("    " + f.Program + " auth enable --check --user root")
	}
	return nil
}
