// Package snapshot holds the commands for copies of the database:
// "ectl snapshot ...".
package snapshot

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
)

// NewCmd returns the command "snapshot".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "snapshot COMMAND",
		Short:   "Save a copy of the database",
		Long:    "Save a copy of a member's database, from which a cluster can be restored.",
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(newSaveCmd(f))
	return cmd
}
