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
	cmd := &cobra.Command{
		Use:   "disable",
		Short: "Disable authentication: every client gets full access",
		Example: `  # Turn authentication off, as root.
  ectl --user root --password-file root.password auth disable`,
		Args: cli.NoArgs,
		RunE: cli.RunRequest(f, cli.NoOptions{}, runDisable),
	}
	return cli.Destroys(f, cmd, cli.NoOptions{}, cli.Destruction[cli.NoOptions]{Hits: disableHits})
}

// disableHits describes what is disabled.
func disableHits(context.Context, *cli.Factory, cli.NoOptions) (string, error) {
	return "disable authentication: anyone who reaches the endpoints may do anything", nil
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
