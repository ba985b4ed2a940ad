package commands

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
)

// expandPrefixes returns args with unambiguous prefixes of command names completed. For
// example, "user li" becomes "user list". cobra's own prefix matching would let the
// names of our extensions make etcdctl's prefixes ambiguous. Here etcdctl's names win.
//
// If a group of commands is followed by a word that is none of its subcommands, unknown
// reports this. Words after "help" are not checked, nor are incomplete command lines that
// a shell completes.
func expandPrefixes(root *cobra.Command, args []string) (expanded []string, unknown *unknownCommandError) {
	expanded = append([]string(nil), args...)
	at, left := firstWord(root, expanded)
	cmd, helps := root, len(left) < len(args) // a shell completes the line
	for ; at >= 0; at = nextWord(cmd, expanded, left) {
		next := findCommand(cmd, expanded[at])
		if next == nil {
			break
		}
		if !next.HasAlias(expanded[at]) {
			expanded[at] = next.Name()
		}
		cmd = next
		if cmd.Parent() == root && cmd.Name() == "help" {
			cmd, helps = root, true // its arguments name a command
		}
		if !cmd.HasSubCommands() {
			return expanded, nil
		}
		left = slices.DeleteFunc(left, func(i int) bool { return i == at })
	}
	if at < 0 {
		at = oddWord(cmd, expanded, left)
	}
	if at >= 0 && !helps && (expanded[at] != "help" || cmd == root) { // "user help" prints the help of user
		unknown = newUnknownCommand(cmd, expanded[at])
	}
	return expanded, unknown
}

// oddWord returns the index in left of an argument for the group cmd that cannot be the
// name of a command, or -1. Such an argument is empty, or stands after "--".
func oddWord(cmd *cobra.Command, args []string, left []int) int {
	for i := 0; i < len(left); i++ {
		word := args[left[i]]
		switch {
		case word == "":
			return left[i]
		case word == "--" && i+1 < len(left):
			return left[i+1]
		case takesValue(cmd, word):
			i++
		}
	}
	return -1
}

// firstWord returns the index of the argument that names a command below root, or -1.
// left holds the indices of all arguments that may be commands or their options.
func firstWord(root *cobra.Command, args []string) (at int, left []int) {
	start, end := 0, len(args)
	if end > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		start, end = 1, end-1 // the last word is incomplete
	}
	for i := start; i < end; i++ {
		left = append(left, i)
	}
	return nextWord(root, args, left), left
}

// nextWord returns the first index of left that cobra interprets as the name of a
// subcommand of cmd, or -1. Such an argument is neither an option nor the value of an
// option. Arguments before the name of cmd also count.
func nextWord(cmd *cobra.Command, args []string, left []int) int {
	for i := 0; i < len(left); i++ {
		word := args[left[i]]
		switch {
		case word == "--":
			return -1
		case takesValue(cmd, word):
			i++
		case word != "" && !strings.HasPrefix(word, "-"):
			return left[i]
		}
	}
	return -1
}

// takesValue reports whether the value of the option word is the next argument. At this
// point, cobra assumes so for options that cmd does not have, for example options of a
// subcommand.
func takesValue(cmd *cobra.Command, word string) bool {
	if strings.Contains(word, "=") || !strings.HasPrefix(word, "-") {
		return false
	}
	name, long := strings.CutPrefix(word, "--")
	if !long && len(word) != 2 {
		return false
	}
	// cobra merges these sets only when it parses. They are the command's own options,
	// the options that its subcommands inherit, and the global options.
	var flag *pflag.Flag
	for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags(), cmd.Root().PersistentFlags()} {
		if long {
			flag = flags.Lookup(name)
		} else {
			flag = flags.ShorthandLookup(word[1:])
		}
		if flag != nil {
			break
		}
	}
	return flag == nil || flag.NoOptDefVal == ""
}

// findCommand returns the subcommand that word names. A full name or an alias matches
// first. Next is a unique prefix of etcdctl's names, then a unique prefix of an
// extension's name, then of an alias. It returns nil if no subcommand matches, or more
// than one.
func findCommand(cmd *cobra.Command, word string) *cobra.Command {
	var etcdctls, ours []*cobra.Command
	for _, sub := range cmd.Commands() {
		switch {
		case sub.Name() == word || sub.HasAlias(word):
			return sub
		case !strings.HasPrefix(sub.Name(), word):
		case cli.IsExtension(sub):
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
