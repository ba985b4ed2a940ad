// Package cluster holds the commands for the members of the cluster and their
// maintenance: "ectl member ...", "ectl endpoint ..." and others.
package cluster

import (
	"strings"

	"strconv"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

// NewMemberCmd returns the command "member".
func NewMemberCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "member COMMAND",
		Short:   "Manage the members of the cluster",
		Long:    "List, add, remove and change the members of the cluster.",
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(
		newMemberAddCmd(f),
		newMemberListCmd(f),
		newMemberPromoteCmd(f),
		newMemberRemoveCmd(f),
		newMemberUpdateCmd(f),
	)
	return cmd
}

// parseMemberID reads a member's ID, which all commands print in hexadecimal.
func parseMemberID(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		return 0, exit.BadArgsf("%q is no member's ID, which is a hexadecimal number of at most 16 digits; member list shows the IDs", text)
	}
	return id, nil
}

const flagPeerURLs = "peer-urls"

// errNoPeerURLs is the error of a command that was not told any.
func errNoPeerURLs() error {
	return exit.BadArgsf("under which URLs do the other members reach it? give --%s", flagPeerURLs)
}

// refuseUserInfo refuses peer URLs with a login in them: the cluster shows a
// member's URLs to every user.
func refuseUserInfo(urls string) error {
	return etcd.RefuseUserInfo(flagPeerURLs, strings.Split(urls, ","), "every user can read a member's URLs; leave it out")
}
