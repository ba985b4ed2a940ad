// Package auth holds the commands for authentication: "ectl auth ...".
package auth

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
)

// NewCmd returns the command "auth".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "auth COMMAND",
		Short:   "Enable, disable and check authentication",
		Long:    "Enable or disable authentication, and show whether it is enabled.",
		GroupID: cli.GroupAuth,
	}
	cmd.AddCommand(cli.DryRun(f, newEnableCmd(f)), cli.DryRun(f, newDisableCmd(f)), newStatusCmd(f), cli.Extension(cli.DryRun(f, newBootstrapCmd(f))))
	return cmd
}
