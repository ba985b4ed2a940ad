// Package user holds the commands for users: "ectl user ...".
package user

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
)

// NewCmd returns the command "user".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "user COMMAND",
		Short:   "Manage users: add, delete, list, passwords, roles",
		Long:    "Manage the users of the cluster, their passwords and their roles.",
		GroupID: cli.GroupAuth,
	}
	cmd.AddCommand(
		cli.DryRun(f, newAddCmd(f)),
		cli.DryRun(f, newDeleteCmd(f)),
		newGetCmd(f),
		newListCmd(f),
		cli.DryRun(f, newPasswdCmd(f)),
		cli.DryRun(f, newGrantRoleCmd(f)),
		cli.DryRun(f, newRevokeRoleCmd(f)),
		cli.Extension(newCheckPasswordCmd(f)),
		cli.Extension(cli.DryRun(f, newImportCmd(f))),
		cli.Extension(cli.DryRun(f, newGetCertCmd(f))),
		cli.Extension(cli.DryRun(f, newOffboardCmd(f))),
	)
	return cmd
}

// errNoUserName returns an error with the server's text for an empty name, because
// scripts search for it.
func errNoUserName() error { return exit.BadArgsf("user name is empty: give the user's name") }
