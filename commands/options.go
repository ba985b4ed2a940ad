package commands

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
)

func newOptionsCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "options",
		Short: "Print the options that every command takes",
		Example: `  # Find the options for certificates.
  ectl options | grep cert`,
		GroupID: cli.GroupUtility,
		Run: func(cmd *cobra.Command, _ []string) {
			shown := pflag.NewFlagSet("options", pflag.ContinueOnError)
			f.Globals().VisitAll(func(flag *pflag.Flag) {
				visible := *flag
				visible.Hidden = false
				visible.Usage += " [$" + cli.Variable(flag.Name) + "]"
				shown.AddFlag(&visible)
			})
			fmt.Fprintf(cmd.OutOrStdout(), "Every command takes these options. Each can also be set by the environment\nvariable in brackets. The prefixes ETCDCTL_ and ECTL_ mean the same.\n\n%s", cli.FlagUsages(shown))
		},
	}
}
