// Package check holds the commands that measure a cluster: "ectl check ...".
package check

import (
	"fmt"

	"github.com/spf13/cobra"

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
	cmd.AddCommand(newPerfCmd(f), newDatascaleCmd(f))
	return cmd
}

// options are what both checks can be asked to do.
type options struct {
	Load    string // as it was given
	Prefix  string
	Compact bool
	Defrag  bool

	size string // of the load, see sizes
}

// Complete implements cli.Options.
func (o *options) Complete(*cli.Factory, *cobra.Command, []string) (err error) {
	o.size, err = sizes().Parse(o.Load)
	return err
}

func (o *options) addFlags(cmd *cobra.Command, prefix string) {
	flags := cmd.Flags()
	o.Load = "s"
	sizes().AddFlag(cmd, &o.Load, "`size` of the load")
	flags.StringVar(&o.Prefix, "prefix", prefix, "`prefix` of the keys to write, which must have none")
	flags.BoolVar(&o.Compact, "auto-compact", false, "forget the history of all keys afterwards")
	flags.BoolVar(&o.Defrag, "auto-defrag", false, "defragment the members of --endpoints afterwards")
}

// sizes are the sizes of the load, which have two names. The spelling is etcdctl's.
func sizes() cli.Choices[string] {
	return cli.Choices[string]{Flag: "load", Values: []cli.Choice[string]{
		{Short: "s", Name: "small", Value: "s"},
		{Short: "m", Name: "medium", Value: "m"},
		{Short: "l", Name: "large", Value: "l"},
		{Short: "xl", Name: "xLarge", Value: "xl"},
	}}
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
