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
		Short:   "Back up the database of a member",
		Long:    "Back up the database of a member, and check the copy. \"etcdutl snapshot restore\"\nrestores a cluster from it.",
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(newSaveCmd(f), cli.Extension(newStatusCmd(f)))
	return cmd
}
