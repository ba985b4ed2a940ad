// Package cluster holds the commands for the members of the cluster and their
// maintenance: "ectl member ...", "ectl endpoint ..." and others.
package cluster

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

// NewMemberCmd returns the command "member".
func NewMemberCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "member COMMAND",
		Short: "Manage members: list, add, remove, promote",
		Long: `List, add, remove, update and promote the members of the cluster.

Commands take the ID of a member in hexadecimal, or its name. A name that is a
hexadecimal number, or that several members have, cannot be used.`,
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(
		cli.DryRun(f, newMemberAddCmd(f)),
		newMemberListCmd(f),
		cli.DryRun(f, newMemberPromoteCmd(f)),
		cli.DryRun(f, newMemberRemoveCmd(f)),
		cli.DryRun(f, newMemberUpdateCmd(f)),
	)
	return cmd
}

const flagPeerURLs = "peer-urls"

// errNoPeerURLs is the error of a command that was given no peer URLs.
func errNoPeerURLs() error {
	return exit.BadArgsf("--%s is required: give the URLs at which other members reach this one", flagPeerURLs)
}

// refuseUserInfo refuses peer URLs that contain a login, because every user can read
// the URLs of members.
func refuseUserInfo(urls string) error {
	return etcd.RefuseUserInfo(flagPeerURLs, strings.Split(urls, ","), "every user can read a member's URLs; leave it out")
}
