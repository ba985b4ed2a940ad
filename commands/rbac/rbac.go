// Package rbac holds the commands that see access control as a whole: "ectl
// rbac ...".
package rbac

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/cli"
)

// NewCmd returns the command "rbac".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rbac COMMAND",
		Short:   "Question and review who may do what",
		Long:    "Question and review who may do what, over all users and roles.",
		GroupID: cli.GroupAuth,
	}
	cmd.AddCommand(
		newCanICmd(f, nil),
		newWhoCanCmd(f, nil),
		newMatrixCmd(f, nil),
		newLintCmd(f, nil),
		newExportCmd(f),
		newPlanCmd(f, nil),
		newApplyCmd(f, nil),
		newTestCmd(f, nil),
	)
	return cli.Own(cmd)
}
