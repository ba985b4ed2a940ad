package cluster

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/cli"
)

// NewEndpointCmd returns the command "endpoint".
func NewEndpointCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "endpoint COMMAND",
		Short: "Look at each member by itself",
		Long: `Look at each endpoint of --endpoints by itself, all at once. One that does not
answer is reported on standard error and fails the command, after the others
were shown.`,
		GroupID: cli.GroupCluster,
	}
	from := &targets{}
	from.AddFlags(cmd.PersistentFlags())
	cmd.AddCommand(
		newEndpointHashKVCmd(f, from, nil),
		newEndpointHealthCmd(f, from, nil),
		newEndpointStatusCmd(f, from, nil),
	)
	return cmd
}
