package completions

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Defaults sees to what the commands under root do not complete themselves.
// Arguments have no candidates, and no files are offered for them. The values
// of flags are files where the description of the flag says so, and otherwise
// have none.
func Defaults(root *cobra.Command) {
	for _, flags := range []*pflag.FlagSet{root.PersistentFlags(), root.Flags()} {
		flags.VisitAll(func(flag *pflag.Flag) {
			value, _ := pflag.UnquoteUsage(flag)
			if _, has := root.GetFlagCompletionFunc(flag.Name); has || value == "file" || flag.NoOptDefVal != "" {
				return
			}
			_ = root.RegisterFlagCompletionFunc(flag.Name, cobra.NoFileCompletions) // the flag is there
		})
	}
	if !root.HasSubCommands() && root.ValidArgsFunction == nil && root.ValidArgs == nil {
		root.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, cmd := range root.Commands() {
		Defaults(cmd)
	}
}
