package cluster

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
)

// endpointFlags say which endpoints the commands under "endpoint" look at, and how
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
		Short: "Look at each member by itself",
		Long: `Look at each endpoint of --endpoints by itself, all at once. One that does not
answer is reported on standard error and fails the command, after the others
were shown.

With --watch they are looked at again and again, until interrupted, and one that
does not answer fails nothing. Without a terminal each look prints what the
command prints otherwise, one after the other.`,
		Example: `  ectl endpoint status --cluster --watch 2s -w table
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
