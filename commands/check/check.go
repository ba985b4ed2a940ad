// Package check holds the commands that try what a cluster can do:
// "ectl check ...".
package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
)

// NewCmd returns the command "check".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check COMMAND",
		Short: "Try how fast a cluster is, and how much memory keys take",
		Long: `Try how fast a cluster is, and how much memory keys take, by writing many keys
under a prefix that has none. They are deleted afterwards, also when the command
is interrupted. This is real load: other users of the cluster will notice.`,
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(newPerfCmd(f, nil), newDatascaleCmd(f, nil))
	return cmd
}

// options are what both checks can be asked to do.
type options struct {
	Load    string
	Prefix  string
	Compact bool
	Defrag  bool
}

func (o *options) addFlags(flags *pflag.FlagSet, prefix string) {
	flags.StringVar(&o.Load, "load", "s", "`size` of the load: s(mall), m(edium), l(arge) or xl(arge)")
	flags.StringVar(&o.Prefix, "prefix", prefix, "`prefix` of the keys to write, which must have none")
	flags.BoolVar(&o.Compact, "auto-compact", false, "forget the history of all keys afterwards")
	flags.BoolVar(&o.Defrag, "auto-defrag", false, "defragment the members of --endpoints afterwards")
}

// sizes are the names of loads, the short one first. The spelling is etcdctl's.
func sizes() [][]string {
	return [][]string{{"s", "small"}, {"m", "medium"}, {"l", "large"}, {"xl", "xLarge"}}
}

// size returns the short name of the load. The error ends with the status
// BadFeature.
func (o *options) size() (string, error) {
	var all []string
	for _, names := range sizes() {
		if slices.Contains(names, o.Load) {
			return names[0], nil
		}
		all = append(all, names...)
	}
	return "", exit.BadFeaturef("--load %q: it is one of %s", o.Load, strings.Join(all, ", "))
}

func completeLoad(cmd *cobra.Command) {
	var names []string
	for _, size := range sizes() {
		names = append(names, size[0]+"\t"+size[1])
	}
	_ = cmd.RegisterFlagCompletionFunc("load", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// notEmpty is the error of a prefix that has keys, which a check would delete.
func (o *options) notEmpty(f *cli.Factory) error {
	return exit.With(exit.InvalidInput, fmt.Errorf("prefix %q has keys, which the check would delete with its own; give another --prefix, or delete them first%s",
		o.Prefix, o.deletion(f)))
}

// deletion is the command that deletes the keys below the prefix, for the end of a
// sentence.
func (o *options) deletion(f *cli.Factory) string {
	line, ok := f.CommandLine(cli.CommandArgs("del", []string{"--prefix"}, o.Prefix)...)
	if !ok {
		return ""
	}
	return ": " + line
}
