package commands

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/cli"
)

// expandPrefixes returns args with the unambiguous prefixes of command names
// written out: "user li" becomes "user list". cobra could do so itself, but it
// would let names that only we have make etcdctl's prefixes ambiguous; here
// etcdctl's names win.
func expandPrefixes(root *cobra.Command, args []string) []string {
	expanded := append([]string(nil), args...)
	cmd := root
	at, end := firstWord(root, expanded)
	for cmd.HasSubCommands() {
		at = nextWord(cmd, expanded, at, end)
		if at >= end {
			break
		}
		next := findCommand(cmd, expanded[at])
		if next == nil {
			break
		}
		if !next.HasAlias(expanded[at]) {
			expanded[at] = next.Name()
		}
		cmd = next
		if cmd.Parent() == root && cmd.Name() == "help" {
			cmd = root // its arguments name a command
		}
		at++
	}
	return expanded
}

// firstWord returns the index of the argument that names a command below root,
// and where the arguments end that may name commands. It is at the end where
// none does.
func firstWord(root *cobra.Command, args []string) (at, end int) {
	end = len(args)
	if end > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		at, end = 1, end-1 // the last word is still being typed
	}
	return nextWord(root, args, at, end), end
}

// nextWord returns the index of the first argument from at on that is neither
// an option nor the value of one, or end.
func nextWord(cmd *cobra.Command, args []string, at, end int) int {
	for ; at < end; at++ {
		word := args[at]
		switch {
		case word == "--":
			return end
		case takesValue(cmd, word):
			at++
		case !strings.HasPrefix(word, "-"):
			return at
		}
	}
	return end
}

// takesValue says whether word is an option whose value is the next argument.
func takesValue(cmd *cobra.Command, word string) bool {
	if strings.Contains(word, "=") || !strings.HasPrefix(word, "-") {
		return false
	}
	var flag *pflag.Flag
	if name, long := strings.CutPrefix(word, "--"); long {
		// What cobra joins only when it parses: the command's own options, those
		// that it shares with its subcommands, and the global ones.
		for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags(), cmd.Root().PersistentFlags()} {
			if flag = flags.Lookup(name); flag != nil {
				break
			}
		}
	} else if len(word) == 2 {
		flag = cmd.Root().PersistentFlags().ShorthandLookup(word[1:])
	}
	return flag != nil && flag.NoOptDefVal == ""
}

// findCommand returns the one subcommand that word means: that of this name or
// alias, else the only one of etcdctl's that starts with word, else the only
// one of ours. It returns nil where there is none or more than one.
func findCommand(cmd *cobra.Command, word string) *cobra.Command {
	var etcdctls, ours []*cobra.Command
	for _, sub := range cmd.Commands() {
		switch {
		case sub.Name() == word || sub.HasAlias(word):
			return sub
		case !strings.HasPrefix(sub.Name(), word):
		case cli.IsOwn(sub):
			ours = append(ours, sub)
		default:
			etcdctls = append(etcdctls, sub)
		}
	}
	for _, candidates := range [][]*cobra.Command{etcdctls, ours} {
		switch len(candidates) {
		case 0:
		case 1:
			return candidates[0]
		default:
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		for _, alias := range sub.Aliases {
			if strings.HasPrefix(alias, word) {
				ours = append(ours, sub)
			}
		}
	}
	if len(ours) == 1 {
		return ours[0]
	}
	return nil
}
