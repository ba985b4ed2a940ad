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
		Short: "Review who may do what, and manage it with a policy file",
		Long: `See access control as a whole, over all users and roles: ask who may do what and
why, find what is wrong with it, and make the cluster follow a policy file.`,
		GroupID: cli.GroupAuth,
	}
	cmd.AddCommand(
		newCanICmd(f),
		newWhoCanCmd(f),
		newMatrixCmd(f),
		newLintCmd(f),
		newExportCmd(f),
		newPlanCmd(f),
		newApplyCmd(f),
		newTestCmd(f),
	)
	return cli.Extension(cmd)
}
