// Package rbac holds the commands for access control as a whole: "ectl rbac ...".
package rbac

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
)

// NewCmd returns the command "rbac".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rbac COMMAND",
		Short: "Review access, and manage it with policy files",
		Long: `Review the access of all users and roles. Check who may read or write which
keys, find security problems, and manage users and roles with policy files.`,
		GroupID: cli.GroupAuth,
	}
	cmd.AddCommand(
		newCanICmd(f),
		newWhoCanCmd(f),
		newMatrixCmd(f),
		newLintCmd(f),
		newInitCmd(f),
		newExportCmd(f),
		newPlanCmd(f),
		cli.DryRun(f, newApplyCmd(f)),
		newTestCmd(f),
	)
	return cli.Extension(cmd)
}
