// Package shell holds the command "shell", in which an administrator types commands over
// one connection and one login.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/history"
	"github.com/ectl-io/ectl/internal/lineedit"
	"github.com/ectl-io/ectl/internal/lookup"
	"github.com/ectl-io/ectl/internal/place"
	"github.com/ectl-io/ectl/internal/script"
	"github.com/ectl-io/ectl/internal/session"
)

// shellOptions holds the flags of "shell".
type shellOptions struct {
	Env bool
}

// NewCmd returns the command "shell".
// describe describes the words of a command line that may be incomplete.
func NewCmd(f *cli.Factory, describe func(words []string) Description) *cobra.Command {
	opts := &shellOptions{}
	cmd := &cobra.Command{
		Use:   "shell",
		Short: "Type commands interactively over one connection and one login",
		Long: `Type commands interactively, without the program's name, over one connection and
one login. A command prints what it prints outside the shell.

Words are quoted as in a POSIX shell. A backslash at the end of a line, or an
open quote, continues the command on the next line. Nothing is expanded. With
--env, $NAME is a variable of the environment, as one word. A pipe or a
redirection at the end of a command (| less, > file, >> file) hands its output
to the shell of the system.

Ctrl-C ends the running command, or clears the line. Ctrl-D and exit end the
shell. "?" lists the commands of the shell itself, and "help" all others.

Lines are kept in a history file that only you can read, except those that
contain a secret.`,
		Example: `  # Use the endpoints of the environment.
  ectl shell
  # Use a cluster with TLS, as root.
  ectl --endpoints https://etcd1:2379 --cacert ca.crt --user root shell`,
		GroupID: cli.GroupUtility,
		Args:    cli.NoArgs,
		RunE: cli.Run(f, opts, func(ctx context.Context, f *cli.Factory, opts *shellOptions) error {
			return runShell(ctx, f, opts, describe)
		}),
	}
	cmd.Flags().BoolVar(&opts.Env, "env", false, "replace $NAME and ${NAME} by variables of the environment")
	return cli.Extension(cmd)
}

// Complete implements cli.Options.
func (*shellOptions) Complete(f *cli.Factory, _ *cobra.Command, _ []string) error {
	switch {
	case f.IsInner():
		return exit.BadArgsf("a shell cannot run a shell: use \\connect to change the user or the cluster")
	case f.Streams.Terminal == nil:
		return exit.BadArgsf("a shell needs a terminal: use \"run -\" for commands from standard input")
	}
	return nil
}

// shell is a running shell.
type shell struct {
	outer       *cli.Factory // of the command "shell"
	base        *cli.Factory // whose global options hold for each command
	connections *session.Connections
	editor      *lineedit.Editor
	plain       bool // the terminal itself edits the lines
	history     *history.History
	lookup      script.Lookup // nil without --env
	place       place.Place
	describe    func(words []string) Description
	lookups     *lookup.Cache[[]lineedit.Candidate]
	recorded    bool     // lines are kept in the history
	paged       bool     // long output goes to a pager
	timed       bool     // the time of commands is printed
	initial     string   // of the next line
	taken       cli.Undo // of the last change of access

	lookupContext context.Context //nolint:containedctx // of lookups in the background
	status        exit.Code       // of the last command
}

func runShell(ctx context.Context, f *cli.Factory, opts *shellOptions, describe func([]string) Description) error {
	s := &shell{
		outer: f, base: f, history: history.New(history.Path(f.Streams.LookupEnv, "history")),
		describe: describe, recorded: true, paged: true, lookupContext: ctx,
	}
	s.lookups = &lookup.Cache[[]lineedit.Candidate]{Find: s.find, Found: func() { s.editor.Refresh() }, Lives: completionLives}
	defer s.lookups.Stop()
	if opts.Env {
		s.lookup = f.Streams.LookupEnv
	}
	out, isFile := f.Streams.Out.(*os.File)
	if !isFile || !f.Streams.OutIsTerminal {
		out = f.Streams.Terminal // the prompt is not part of the output
	}
	s.plain = !f.Streams.OutIsTerminal || !f.Streams.Colour(true)
	s.editor = lineedit.New(lineedit.Config{
		Terminal: f.Streams.Terminal, Out: out, Plain: s.plain,
		Continues: func(text string) bool { return !isOwn(text) && script.IsIncomplete(text) },
		History:   s.history.Entries,
		Highlight: s.highlight, Hint: s.hint, Complete: s.complete,
	})
	_, _, end := f.Streams.Signals.Nest(ctx) // from here on, SIGINT does not end the shell
	end()
	s.connections = session.NewConnections(ctx, f.Prompter, f.Warn)
	defer func() { s.connections.Close() }()
	s.connections.Share(f.Session)
	var err error
	if s.place, err = findPlace(ctx, f); err != nil {
		return err
	}
	f.EndWaits() // each command line has its own
	f.Say(welcome(s.place))
	if err := s.history.Load(); err != nil { // also before the first line, for its suggestions
		s.withoutHistory(err)
	}
	return s.loop(ctx)
}

// withoutHistory reports that the history cannot be kept in its file. The shell goes on
// without the file.
func (s *shell) withoutHistory(err error) {
	s.history.Forget()
	s.outer.Warn(fmt.Sprintf("the history is kept only until the shell ends: %v", err))
}

// loop reads commands and runs them, until the user or a signal ends the shell.
func (s *shell) loop(ctx context.Context) error {
	for {
		prompt := lineedit.Prompt{First: s.prompt(), Next: "> ", Initial: s.initial}
		s.initial = ""
		text, err := s.read(ctx, prompt)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, lineedit.ErrCancelled):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return exit.With(exit.IO, err)
		}
		if err := s.run(ctx, text); errors.Is(err, errExit) {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// read reads a text. If the terminal itself edits it, Ctrl-C is a signal.
func (s *shell) read(ctx context.Context, prompt lineedit.Prompt) (string, error) {
	if s.plain {
		nested, _, end := s.outer.Streams.Signals.Nest(ctx)
		defer end()
		ctx = nested
	}
	text, err := s.editor.Read(ctx, prompt)
	if !s.plain { // an interrupt that came meanwhile is not meant for the next command
		_, _, end := s.outer.Streams.Signals.Nest(ctx)
		end()
	}
	return text, err
}

// errExit reports that the user ends the shell.
var errExit = errors.New("the shell ends")

// run runs the text that was typed. It prints the error of a command, and returns only
// errExit.
func (s *shell) run(ctx context.Context, text string) error {
	text = strings.TrimSpace(text)
	switch text {
	case "":
		return nil
	case "exit", "quit", `\q`:
		return errExit
	}
	if isOwn(text) {
		s.remember(text, nil)
		s.finish(ctx, s.runOwn(ctx, text))
		return nil
	}
	lines, err := script.ParseTyped(text, s.lookup)
	if err != nil {
		s.history.AddUnwritten(text) // it may be an answer to a question that was not asked
		s.finish(ctx, exit.With(exit.InvalidInput, withoutLine(err)))
		return nil
	}
	for i := range lines {
		lines[i].Words = cli.WithoutProgram(lines[i].Words)
	}
	s.remember(text, lines)
	for _, line := range lines { // several, if they were pasted
		if len(line.Words) == 1 && (line.Words[0] == "exit" || line.Words[0] == "quit") {
			return errExit
		}
		s.finish(ctx, s.runLine(ctx, line))
		if s.status != exit.Success || ctx.Err() != nil {
			return nil //nolint:nilerr // the end of a command is not the end of the shell
		}
	}
	return nil
}

// withoutLine returns the reason why a text is invalid, without the number of its line.
func withoutLine(err error) error {
	if invalid, ok := errors.AsType[*script.Error](err); ok {
		return errors.New(invalid.Reason)
	}
	return err
}

// finish prints the error of a command, and records its status.
func (s *shell) finish(ctx context.Context, err error) {
	s.status = exit.CodeOf(err)
	if err != nil && ctx.Err() == nil && !exit.IsAnswer(err) {
		s.base.SayError(err)
	}
}

// remember adds a text to the history, unless it contains a secret. A text that is no
// command stays in memory: it may be a password that was typed too late.
func (s *shell) remember(text string, lines []script.Line) {
	if !s.recorded || holdsSecret(text) {
		return
	}
	for _, line := range lines {
		if described := s.describe(line.Words); len(described.Kinds) > 0 && !isExit(line.Words[0]) && !described.Command.HasParent() {
			s.history.AddUnwritten(text)
			return
		}
	}
	if err := s.history.Add(text); err != nil {
		s.withoutHistory(err)
	}
}
