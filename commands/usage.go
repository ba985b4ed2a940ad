package commands

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
)

// writeUsage writes the usage of cmd. It replaces cobra's function, which does not wrap
// lines. No line is longer than cli.HelpWidth, unless a word is.
func writeUsage(w io.Writer, cmd *cobra.Command) {
	flags := cmd.LocalFlags() // merges the flags that UseLine checks
	fmt.Fprint(w, "Usage:")
	if cmd.Runnable() {
		fmt.Fprint(w, "\n  ", wrap(cmd.UseLine(), 2, 6))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n  %s [command]", cmd.CommandPath())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprint(w, "\n\nAliases:\n  ", wrap(cmd.NameAndAliases(), 2, 2))
	}
	if cmd.HasExample() {
		fmt.Fprint(w, "\n\nExamples:\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		writeSubcommands(w, cmd)
	}
	if !cmd.HasParent() {
		writeTopics(w, cmd)
	}
	if cmd.HasAvailableLocalFlags() {
		fmt.Fprint(w, "\n\nFlags:\n", strings.TrimRight(cli.FlagUsages(flags), "\n"))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n\nUse \"%s [command] --help\" for more information about a command.", cmd.CommandPath())
	}
	fmt.Fprintln(w)
}

// inOrder returns the subcommands of cmd in the order of the help: those of the root as
// in topCommands, all others by name.
func inOrder(cmd *cobra.Command) []*cobra.Command {
	subs := slices.Clone(cmd.Commands())
	if cmd.HasParent() {
		return subs
	}
	top := topCommands()
	position := func(sub *cobra.Command) int {
		at := slices.IndexFunc(top, func(c topCommand) bool { return c.name == sub.Name() })
		if at < 0 { // cobra's own command "help"
			return len(top)
		}
		return at
	}
	slices.SortStableFunc(subs, func(a, b *cobra.Command) int { return position(a) - position(b) })
	return subs
}

// writeSubcommands writes a line for each subcommand of cmd, in the groups of cmd.
func writeSubcommands(w io.Writer, cmd *cobra.Command) {
	groups := cmd.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Available Commands:"}}
	}
	for _, group := range groups {
		fmt.Fprint(w, "\n\n", group.Title)
		for _, sub := range inOrder(cmd) {
			if sub.GroupID == group.ID && (sub.IsAvailableCommand() || sub.Name() == "help") {
				column := 2 + sub.NamePadding() + 1
				fmt.Fprintf(w, "\n  %-*s %s", sub.NamePadding(), sub.Name(), wrap(sub.Short, column, column))
			}
		}
	}
}

// writeTopics writes a line for each topic of the help.
func writeTopics(w io.Writer, root *cobra.Command) {
	fmt.Fprintf(w, "\n\nTopics of \"%s help TOPIC\":", root.Name())
	for _, topic := range Topics() {
		const padding = 11 // the minimum of cobra's NamePadding
		fmt.Fprintf(w, "\n  %-*s %s", padding, topic.Name, topic.Short)
	}
}

// wrap breaks text at blanks, so that its lines end before column cli.HelpWidth. The first
// line starts at column first, the others are indented to column next.
func wrap(text string, first, next int) string {
	var b strings.Builder
	column := first
	for i, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > cli.HelpWidth:
			b.WriteString("\n" + strings.Repeat(" ", next))
			column = next
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}
