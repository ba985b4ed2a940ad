// Package role holds the commands for roles: "ectl role ...".
package role

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
)

// NewCmd returns the command "role".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "role COMMAND",
		Short:   "Manage roles",
		Long:    "Manage roles and the permissions that they grant on keys.",
		GroupID: cli.GroupAuth,
	}
	cmd.AddCommand(
		newAddCmd(f, nil),
		newDeleteCmd(f, nil),
		newGetCmd(f),
		newListCmd(f),
		newGrantPermissionCmd(f, nil),
		newRevokePermissionCmd(f, nil),
	)
	return cmd
}
