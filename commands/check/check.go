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
		Short: "Check cluster performance and memory use",
		Long: `Check the performance of a cluster, or the memory that keys take. The checks
write many keys below a prefix that has none. The keys are deleted afterwards,
even if the command is interrupted. This is real load, which affects other users
of the cluster.`,
		GroupID: cli.GroupCluster,
	}
	cmd.AddCommand(newPerfCmd(f), newDatascaleCmd(f))
	return cmd
}

// options holds the flags that both checks have.
type options struct {
	Load    string // as given on the command line
	Prefix  string
	Compact bool
	Defrag  bool

	size string // size of the load, see sizes
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
	flags.StringVar(&o.Prefix, "prefix", prefix, "`prefix` of the keys to write; it must have no keys")
	flags.BoolVar(&o.Compact, "auto-compact", false, "compact the history of all keys afterwards")
	flags.BoolVar(&o.Defrag, "auto-defrag", false, "defragment the members of --endpoints afterwards")
}

// sizes returns the sizes of the load, each with two names in etcdctl's spelling.
func sizes() cli.Choices[string] {
	return cli.Choices[string]{Flag: "load", Values: []cli.Choice[string]{
		{Short: "s", Name: "small", Value: "s"},
		{Short: "m", Name: "medium", Value: "m"},
		{Short: "l", Name: "large", Value: "l"},
		{Short: "xl", Name: "xLarge", Value: "xl"},
	}}
}

// notEmpty returns the error for a prefix that has keys. A check would delete them.
func (o *options) notEmpty(f *cli.Factory) error {
	return exit.With(exit.InvalidInput, fmt.Errorf("prefix %q has keys, and the check would delete them: give another --prefix, or delete them first%s",
		o.Prefix, o.deletion(f)))
}

// deletion returns the command that deletes the keys below the prefix, for the end of a
// sentence.
func (o *options) deletion(f *cli.Factory) string {
	line, ok := f.CommandLine(cli.CommandArgs("del", []string{"--prefix"}, o.Prefix)...)
	if !ok {
		return ""
	}
	return ": " + line
}
