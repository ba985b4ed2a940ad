package cluster

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
)

// endpointFlags selects the endpoints that the commands under "endpoint" query, and how
// often.
type endpointFlags struct {
	targets
	repeatFlags
}

func (o *endpointFlags) addFlags(fs *pflag.FlagSet) {
	o.targets.addFlags(fs)
	o.repeatFlags.addFlags(fs)
}

// Complete implements cli.Options.
func (*endpointFlags) Complete(*cli.Factory, *cobra.Command, []string) error { return nil }

// NewEndpointCmd returns the command "endpoint".
func NewEndpointCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "endpoint COMMAND",
		Short: "Check the health and status of each member",
		Long: `Query each endpoint of --endpoints separately, all at once. If an endpoint does
not answer, the answers of the others are printed, the failure is reported on
standard error, and the command fails.

With --watch, the endpoints are queried repeatedly until interrupted. An
endpoint that does not answer then does not fail the command. A terminal shows
only the latest answers. Without a terminal, the answers are printed one after
another.`,
		Example: `  # Show the status of every member, again and again.
  ectl endpoint status --cluster --watch 2s
  # Append an object for each result to a log.
  ectl endpoint health --watch 10s -w ndjson >> health.log`,
		GroupID: cli.GroupCluster,
	}
	from := &endpointFlags{}
	from.addFlags(cmd.PersistentFlags())
	cmd.AddCommand(
		newEndpointHashKVCmd(f, from),
		newEndpointHealthCmd(f, from),
		newEndpointStatusCmd(f, from),
	)
	return cmd
}
