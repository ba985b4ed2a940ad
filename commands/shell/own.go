package shell

import (
	"context"
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/script"
)

// ownCommand is a command of the shell itself.
type ownCommand struct {
	name, args, short string
	run               func(*shell, context.Context, []string) error
}

// ownCommands returns the commands of the shell itself, in the order of the help.
func ownCommands() []ownCommand {
	return []ownCommand{
		{`\history`, "off|on", "keep no further lines, or keep them again", (*shell).setHistory},
		{`\q`, "", "end the shell, like exit and Ctrl-D", nil},
		{`?`, "", "list these commands", (*shell).help},
	}
}

// isOwn reports whether a text is a command of the shell itself.
func isOwn(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, `\`) || text == "?"
}

// runOwn runs a command of the shell itself.
func (s *shell) runOwn(ctx context.Context, text string) error {
	name, rest, _ := strings.Cut(text, " ")
	for _, own := range ownCommands() {
		if own.name != name || own.run == nil {
			continue
		}
		words, err := s.ownWords(rest)
		if err != nil {
			return err
		}
		return own.run(s, ctx, words)
	}
	if name == `\?` || name == `\h` || name == `\help` {
		return s.help(ctx, nil)
	}
	return exit.With(exit.InvalidInput, fmt.Errorf(`unknown command %q; "?" lists the commands of the shell`, name))
}

// ownWords returns the words after the name of a command of the shell itself.
func (s *shell) ownWords(text string) ([]string, error) {
	lines, err := script.ParseTyped(text, s.lookup)
	switch {
	case err != nil:
		return nil, exit.With(exit.InvalidInput, withoutLine(err))
	case len(lines) == 0:
		return nil, nil
	}
	return lines[0].Words, nil
}

// help lists the commands of the shell itself.
func (s *shell) help(context.Context, []string) error {
	var text strings.Builder
	text.WriteString("Every command of " + s.outer.Program + " works here, without the program's name: \"help\" lists them.\n\nCommands of the shell:\n")
	for _, own := range ownCommands() {
		fmt.Fprintf(&text, "  %-24s %s\n", strings.TrimSpace(own.name+" "+own.args), own.short)
	}
	_, err := fmt.Fprint(s.outer.Streams.Out, text.String())
	return err
}

// setHistory is the command \history.
func (s *shell) setHistory(_ context.Context, words []string) error {
	switch {
	case len(words) == 1 && words[0] == "off":
		s.unrecorded = true
	case len(words) == 1 && words[0] == "on":
		s.unrecorded = false
	default:
		return exit.With(exit.InvalidInput, fmt.Errorf(`\history: want off or on`))
	}
	return nil
}
