package completions

import (
	"slices"

	"github.com/spf13/cobra"
)

// Contexts completes the names of contexts, which names returns. A name that is already
// given is not offered again.
func Contexts(names func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var found []cobra.Completion
		for _, name := range names() {
			if !slices.Contains(args, name) {
				found = append(found, name)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
