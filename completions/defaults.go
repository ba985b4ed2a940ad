package completions

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Defaults sets the completion of everything that the commands under root do not
// complete themselves. Arguments get no candidates, not even files. The value of a flag
// is completed as a file if the usage of the flag contains `file`.
func Defaults(root *cobra.Command) {
	for _, flags := range []*pflag.FlagSet{root.PersistentFlags(), root.Flags()} {
		flags.VisitAll(func(flag *pflag.Flag) {
			if flag.NoOptDefVal != "" || strings.Contains(flag.Usage, "`file`") {
				return
			}
			if _, has := root.GetFlagCompletionFunc(flag.Name); has {
				return
			}
			_ = root.RegisterFlagCompletionFunc(flag.Name, cobra.NoFileCompletions) // fails only if the flag does not exist
		})
	}
	if !root.HasSubCommands() && root.ValidArgsFunction == nil && root.ValidArgs == nil {
		root.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, cmd := range root.Commands() {
		Defaults(cmd)
	}
}
