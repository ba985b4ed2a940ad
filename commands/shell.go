package commands

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/shell"
	"github.com/ectl-io/ectl/internal/iostreams"
)

func newShellCmd(f *cli.Factory) *cobra.Command {
	program := f.Program
	var root *cobra.Command // made at the first use
	return shell.NewCmd(f, func(words []string) shell.Description {
		if root == nil {
			root = NewRoot(cli.NewFactory(program, &iostreams.Streams{}))
		}
		return describe(root, words)
	})
}

// describe describes a command line that may be incomplete. root is the whole tree.
func describe(root *cobra.Command, words []string) shell.Description {
	d := shell.Description{Command: root, Kinds: make([]shell.Kind, len(words))}
	at, left := firstWord(root, words)
	for at >= 0 {
		next := findCommand(d.Command, words[at])
		if next == nil {
			d.Kinds[at] = shell.Unknown
			d.Partly = hasPrefix(d.Command, words[at])
			break
		}
		d.Kinds[at], d.Command = shell.Command, next
		if !next.HasSubCommands() {
			break
		}
		left = slices.DeleteFunc(left, func(i int) bool { return i == at })
		at = nextWord(d.Command, words, left)
	}
	if d.Command.Name() == "help" && d.Command.Parent() == root {
		return d
	}
	for i, word := range words {
		if word == "--" {
			break
		}
		if i > 0 && d.Kinds[i-1] == shell.Option && takesValue(d.Command, words[i-1]) {
			d.Kinds[i] = shell.Value
			continue
		}
		if len(word) > 1 && word[0] == '-' {
			d.Kinds[i] = shell.Option
			if !hasFlag(d.Command, word) {
				d.Kinds[i] = shell.Unknown
				d.Partly = hasFlagPrefix(d.Command, word)
			}
		}
	}
	return d
}

// hasPrefix reports whether a subcommand of cmd begins with word.
func hasPrefix(cmd *cobra.Command, word string) bool {
	return slices.ContainsFunc(cmd.Commands(), func(sub *cobra.Command) bool { return strings.HasPrefix(sub.Name(), word) })
}

// flagSets returns the flags of cmd. cobra merges them only when it parses.
func flagSets(cmd *cobra.Command) []*pflag.FlagSet {
	return []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags(), cmd.InheritedFlags(), cmd.Root().PersistentFlags()}
}

// hasFlag reports whether cmd has the option word.
func hasFlag(cmd *cobra.Command, word string) bool {
	name, _, _ := strings.Cut(word, "=")
	if name == "--help" || name == "-h" {
		return true
	}
	return slices.ContainsFunc(flagSets(cmd), func(flags *pflag.FlagSet) bool {
		if long, ok := strings.CutPrefix(name, "--"); ok {
			return flags.Lookup(long) != nil
		}
		return flags.ShorthandLookup(name[1:2]) != nil
	})
}

// hasFlagPrefix reports whether an option of cmd begins with word.
func hasFlagPrefix(cmd *cobra.Command, word string) bool {
	found := false
	for _, flags := range flagSets(cmd) {
		flags.VisitAll(func(flag *pflag.Flag) { found = found || strings.HasPrefix("--"+flag.Name, word) })
	}
	return found
}
