package cli

import (
	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/exit"
)

// Unlimited as the maximum of Args means any number of arguments.
const Unlimited = -1

// NoArgs refuses any argument.
func NoArgs(cmd *cobra.Command, args []string) error {
	return Args(0, 0, "no arguments")(cmd, args)
}

// Args accepts at least low and at most high arguments. The error contains what, for
// example "a user name". It has the status BadArgs.
func Args(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= low && (high == Unlimited || len(args) <= high) {
			return nil
		}
		return exit.BadArgsf("%s takes %s: got %d; see '%s --help'", cmd.CommandPath(), what, len(args), cmd.CommandPath())
	}
}
