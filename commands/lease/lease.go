// Package lease holds the commands for leases: "ectl lease ...".
package lease

import (
	"strconv"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
)

// NewCmd returns the command "lease".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lease COMMAND",
		Short: "Manage leases: grant, revoke, list, keep alive",
		Long: `Manage leases. A lease expires after its time to live (TTL). Each keep-alive
starts the TTL again. When a lease expires, its keys are deleted.

A lease is named by its ID in hexadecimal, as "lease grant" prints it.`,
		GroupID: cli.GroupKV,
	}
	cmd.AddCommand(
		cli.DryRun(f, newGrantCmd(f)),
		cli.DryRun(f, newRevokeCmd(f)),
		newTimeToLiveCmd(f),
		newListCmd(f),
		newKeepAliveCmd(f),
	)
	return cmd
}

// parseID parses a lease ID.
func parseID(text string) (clientv3.LeaseID, error) {
	id, err := strconv.ParseInt(text, 16, 64)
	if err != nil {
		return 0, exit.BadArgsf("invalid lease ID %q: want the hexadecimal ID that \"lease list\" prints", text)
	}
	return clientv3.LeaseID(id), nil
}
