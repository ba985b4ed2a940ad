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
		Short:   "Manage roles and their permissions",
		Long:    "Manage the roles of the cluster and their permissions on keys.",
		GroupID: cli.GroupAuth,
	}
	cmd.AddCommand(
		cli.DryRun(f, newAddCmd(f)),
		cli.DryRun(f, newDeleteCmd(f)),
		newGetCmd(f),
		newListCmd(f),
		cli.DryRun(f, newGrantPermissionCmd(f)),
		cli.DryRun(f, newRevokePermissionCmd(f)),
	)
	return cmd
}

// warnOfIgnoredEnd warns that an end key has no effect after an empty KEY, see
// cli.EmptyKeyIsFirst.
func warnOfIgnoredEnd(f *cli.Factory, keys []string) {
	if len(keys) > 1 && keys[0] == "" {
		f.Warn("the end key is ignored: the key is empty")
	}
}
