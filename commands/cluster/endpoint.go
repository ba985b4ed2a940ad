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
were shown.

With --watch they are looked at again and again, until interrupted, and one that
does not answer fails nothing. Without a terminal each look prints what the
command prints otherwise, one after the other.`,
		Example: `  ` + f.Program + ` endpoint status --cluster --watch 2s -w table
  ` + f.Program + ` endpoint health --watch 10s -w ndjson >> health.log`,
		GroupID: cli.GroupCluster,
	}
	from := &targets{}
	from.AddFlags(cmd.PersistentFlags())
	from.addFlags(cmd.PersistentFlags())
	cmd.AddCommand(
		newEndpointHashKVCmd(f, from, nil),
		newEndpointHealthCmd(f, from, nil),
		newEndpointStatusCmd(f, from, nil),
	)
	return cmd
}
