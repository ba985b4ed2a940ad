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
		Short: "Manage leases",
		Long: `Manage leases. A lease lives for as many seconds as it was granted, again from
each time that it is kept alive. When it ends, its keys go with it.

Leases are named by their ID, in hexadecimal as "lease grant" prints it.`,
		GroupID: cli.GroupKV,
	}
	cmd.AddCommand(
		newGrantCmd(f),
		newRevokeCmd(f),
		newTimeToLiveCmd(f),
		newListCmd(f),
		newKeepAliveCmd(f),
	)
	return cmd
}

// parseID reads a lease's ID.
func parseID(text string) (clientv3.LeaseID, error) {
	id, err := strconv.ParseInt(text, 16, 64)
	if err != nil {
		return 0, exit.BadArgsf("%q is no lease's ID, which is a hexadecimal number of at most 16 digits; lease list shows the IDs", text)
	}
	return clientv3.LeaseID(id), nil
}
