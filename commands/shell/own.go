package shell

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/outlet"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/script"
	"github.com/ectl-io/ectl/internal/session"
)

// ownCommand is a command of the shell itself.
type ownCommand struct {
	name, args, short string
	run               func(*shell, context.Context, []string) error
}

// ownCommands returns the commands of the shell itself, in the order of the help.
func ownCommands() []ownCommand {
	return []ownCommand{
		{`\connect`, "OPTION...", "change the user or the cluster, for example --user alice", (*shell).connect},
		{`\context`, "NAME", "change to a context", (*shell).useContext},
		{`\set`, "OPTION...", "set global options for further commands, for example -w table", (*shell).set},
		{`\undo`, "", "show the command that takes back the last change of users, roles and grants", (*shell).undo},
		{`\e`, "", "change the last line in $EDITOR", (*shell).edit},
		{`\time`, "on|off", "print how long each command takes", (*shell).setTime},
		{`\pager`, "on|off", "show long output in $PAGER", (*shell).setPager},
		{`\history`, "on|off", "keep lines in the history", (*shell).setHistory},
		{`\q`, "", "end the shell, like exit and Ctrl-D", nil},
		{`?`, "", "list these commands", (*shell).help},
	}
}

// isOwn reports whether a text is a command of the shell itself.
func isOwn(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, `\`) || text == "?"
}

// ownHint returns the usage of a command of the shell itself.
func ownHint(text string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	for _, own := range ownCommands() {
		if own.name == name {
			return strings.TrimSpace(own.name+" "+own.args) + " - " + own.short
		}
	}
	return ""
}

// runOwn runs a command of the shell itself.
func (s *shell) runOwn(ctx context.Context, text string) error {
	name, rest, _ := strings.Cut(text, " ")
	if name == `\?` || name == `\h` || name == `\help` {
		name = "?"
	}
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
	return invalid(`unknown command %q; "?" lists the commands of the shell`, name)
}

func invalid(format string, args ...any) error {
	return exit.With(exit.InvalidInput, fmt.Errorf(format, args...))
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
	text.WriteString("Every command of " + s.outer.Program + " works here, without the program's name: \"help\" lists\nthem, and \"help user add\" explains one.\n\nCommands of the shell:\n")
	for _, own := range ownCommands() {
		fmt.Fprintf(&text, "  %-20s %s\n", strings.TrimSpace(own.name+" "+own.args), own.short)
	}
	text.WriteString("\nAt the end of a command: | COMMAND, > FILE and >> FILE. Keys: Tab completes, Ctrl-R\nsearches the history, Right takes the suggestion, Ctrl-C ends a command.\n")
	_, err := fmt.Fprint(s.outer.Streams.Out, text.String())
	return err
}

// toggle sets a switch to on or off.
func toggle(name string, words []string, set *bool) error {
	if len(words) == 1 && (words[0] == "on" || words[0] == "off") {
		*set = words[0] == "on"
		return nil
	}
	return invalid(`%s: want on or off`, name)
}

func (s *shell) setHistory(_ context.Context, words []string) error {
	return toggle(`\history`, words, &s.recorded)
}

func (s *shell) setTime(_ context.Context, words []string) error {
	if len(words) == 0 { // as in psql
		s.timed = !s.timed
		return nil
	}
	return toggle(`\time`, words, &s.timed)
}

func (s *shell) setPager(_ context.Context, words []string) error {
	return toggle(`\pager`, words, &s.paged)
}

// set is the command \set. It sets global options.
func (s *shell) set(ctx context.Context, words []string) error {
	if len(words) == 0 {
		return invalid(`\set: give global options, for example -w table`)
	}
	return s.withOptions(ctx, `\set`, words)
}

// connect is the command \connect. It changes the user or the cluster.
func (s *shell) connect(ctx context.Context, words []string) error {
	if len(words) == 0 {
		return invalid(`\connect: give global options, for example --user alice`)
	}
	return s.withOptions(ctx, `\connect`, words)
}

// useContext is the command \context.
func (s *shell) useContext(ctx context.Context, words []string) error {
	if len(words) != 1 {
		return invalid(`\context: give the name of a context`)
	}
	return s.withOptions(ctx, `\context`, []string{"--" + cli.FlagContext, words[0]})
}

// withOptions makes global options hold for further commands. If the user or the cluster
// changes, it connects again and closes what was there before. After an error everything
// stays as it was.
func (s *shell) withOptions(ctx context.Context, name string, words []string) error {
	outer := ctx
	ctx, signals, end := s.outer.Streams.Signals.Nest(ctx)
	defer end()
	streams := s.streams(ctx, signals)
	prompter := prompt.New(&streams)
	connections := session.NewConnections(outer, prompter, s.outer.Warn)
	inner := s.base.Inner(cli.Inner{Words: words, Streams: &streams, Prompter: prompter, Connections: connections})
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	inner.BindGlobals(flags)
	if err := flags.Parse(words); err != nil {
		return exit.With(exit.BadArgs, err)
	}
	if flags.NArg() > 0 {
		return invalid("%s: %q is no global option; \"options\" lists them", name, flags.Arg(0))
	}
	if err := inner.Prepare(); err != nil {
		return err
	}
	if inner.Connection.Fingerprint() != s.base.Connection.Fingerprint() || name != `\set` {
		found, err := findPlace(ctx, inner)
		if err != nil {
			connections.Close()
			if signals.Ended() != nil {
				return nil
			}
			return err
		}
		s.lookups.Stop()
		s.lookups.Forget()
		s.connections.Close()
		s.connections, s.place = connections, found
		inner.Say(welcome(found))
	}
	s.base = inner
	return nil
}

// edit is the command \e. The line that the user has changed is the next one to be typed.
func (s *shell) edit(ctx context.Context, _ []string) error {
	editor := ""
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if value, _ := s.outer.Streams.LookupEnv(name); editor == "" {
			editor = value
		}
	}
	if editor == "" {
		editor = "vi"
	}
	ctx, _, end := s.outer.Streams.Signals.Nest(ctx)
	defer end()
	edited, err := outlet.Edit(ctx, editor, s.lastLine(), s.outer.ChildEnviron(false), s.outer.Streams.Terminal)
	if err != nil {
		return exit.With(exit.IO, fmt.Errorf("edit the line with %s: %w", editor, err))
	}
	s.initial = strings.TrimSpace(edited)
	return nil
}

// lastLine returns the last line that was no command of the shell itself.
func (s *shell) lastLine() string {
	for _, entry := range slices.Backward(s.history.Entries()) {
		if !isOwn(entry) {
			return entry
		}
	}
	return ""
}

// terminalFile returns the terminal that output goes to, or nil.
func (s *shell) terminalFile() *os.File {
	file, _ := s.outer.Streams.Out.(*os.File)
	if !s.outer.Streams.OutIsTerminal {
		return nil
	}
	return file
}
