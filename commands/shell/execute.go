package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/lineedit"
	"github.com/ectl-io/ectl/internal/outlet"
	"github.com/ectl-io/ectl/internal/place"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/script"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/internal/txn"
)

// streams returns the streams of a command. Reads of what is typed end with ctx.
func (s *shell) streams(ctx context.Context, signals *iostreams.Signals) iostreams.Streams {
	streams := *s.outer.Streams
	streams.Signals = signals
	streams.Typed = s.editor.Typed(ctx)
	streams.In = streams.Typed
	return streams
}

// runLine runs one command. It returns the error that is to be printed.
func (s *shell) runLine(ctx context.Context, line script.Line) error {
	s.lookups.Stop()
	described := s.describe(line.Words)
	path := described.path()
	if path == "txn" && line.Input == nil && !slices.Contains(line.Words, "-i") && !slices.Contains(line.Words, "--interactive") && !slices.Contains(line.Words, "--help") {
		if line.Input = s.readTxn(ctx); line.Input == nil {
			return nil
		}
	}
	begin := time.Now()
	err := s.execute(ctx, line, path)
	if s.timed {
		s.outer.Say("Time: " + time.Since(begin).Round(100*time.Microsecond).String())
	}
	if !strings.HasPrefix(path, "get") {
		s.lookups.Forget()
	}
	switch {
	case strings.HasPrefix(path, "auth"):
		s.refreshPlace(ctx)
	case err == nil && (path == "login" || path == "logout"):
		s.renewLogin(ctx)
	}
	return err
}

// renewLogin makes the login that is kept now hold for further commands, as it would
// outside the shell. An identity that the user has given stays.
func (s *shell) renewLogin(ctx context.Context) {
	s.base.RenewLogin()
	if found, err := place.Find(ctx, s.own()); err == nil {
		s.place = found
	}
}

// refreshPlace finds out whether authentication is on now.
func (s *shell) refreshPlace(ctx context.Context) {
	_ = s.own().Do(ctx, func(ctx context.Context, client *etcd.Client) error {
		protected, err := place.IsProtected(ctx, s.own(), client)
		if err == nil {
			s.place.Open = !protected
		}
		return err
	})
}

// own returns a session for requests of the shell itself.
func (s *shell) own() *session.Session {
	own := session.New(s.outer.Prompter, func(string) {})
	own.Connection = s.base.Connection
	s.connections.Share(own)
	return own
}

// live returns the commands whose output is shown as it comes, not in a pager.
func live() []string {
	return []string{"watch", "lock", "elect", "make-mirror", "run", "txn", "lease keep-alive", "check perf", "snapshot save", "endpoint status", "auth bootstrap"}
}

// execute runs a command with its pager or pipeline. Ctrl-C ends it.
func (s *shell) execute(ctx context.Context, line script.Line, path string) error {
	ctx, signals, end := s.outer.Streams.Signals.Nest(ctx)
	defer end()
	if s.editor.TakeInterrupt() || ctx.Err() != nil {
		return nil
	}
	streams := s.streams(ctx, signals)
	if line.Input != nil {
		streams.In, streams.Terminal, streams.Typed = bytes.NewReader(line.Input), nil, nil
	}
	finish := func(err error) error { return err }
	var err error
	switch pager := s.pager(path); {
	case line.Tail != "":
		finish, err = s.intoPipeline(&streams, line.Tail)
	case pager != nil:
		finish = intoPager(&streams, pager)
	}
	if err != nil {
		return err
	}
	prompter := prompt.New(&streams)
	s.connections.PromptWith(prompter)
	before := s.beforeGrant(ctx, path, line.Words)
	inner := s.base.Inner(cli.Inner{
		Words: line.Words, Streams: &streams, Prompter: prompter, Connections: s.connections, Consent: cli.ConsentAsked,
	})
	_, err = inner.WithoutRefusedLogin(s.outer.Execute(ctx, inner, line.Words))
	err = finish(err)
	s.noteUndo(path, inner, before)
	if signals.Ended() != nil {
		inner.BreakLine()
		fmt.Fprintln(s.outer.Streams.Err) // after ^C
		return nil
	}
	return err
}

// intoPipeline makes the output go to a pipeline of the system's shell. finish waits for
// it, and returns the error of the whole line.
func (s *shell) intoPipeline(streams *iostreams.Streams, tail string) (finish func(error) error, err error) {
	pipeline, err := outlet.StartPipeline(tail, s.outer.ChildEnviron(false), s.outer.Streams.ChildOut(), s.outer.Streams.Err)
	if err != nil {
		return nil, exit.With(exit.IO, fmt.Errorf("start the shell of the system: %w", err))
	}
	streams.Out, streams.OutIsTerminal = pipeline.In(), false
	return func(err error) error {
		status := pipeline.Wait()
		if errors.Is(err, syscall.EPIPE) { // the pipeline needed no more, as head does
			err = nil
		}
		if err == nil && status != 0 {
			return exit.Answer(exit.Code(status))
		}
		return err
	}, nil
}

// pager returns a pager for the command at path, or nil.
func (s *shell) pager(path string) *outlet.Pager {
	terminal := s.terminalFile()
	command, _ := s.outer.Streams.LookupEnv("PAGER")
	if !s.paged || terminal == nil || command == "cat" || slices.Contains(live(), path) {
		return nil
	}
	if command == "" {
		command = "less"
	}
	width, height, err := term.GetSize(int(terminal.Fd()))
	if err != nil || height < 2 {
		return nil
	}
	environ := s.outer.ChildEnviron(false)
	if _, set := s.outer.Streams.LookupEnv("LESS"); !set {
		environ = append(environ, "LESS=FRX")
	}
	return &outlet.Pager{Terminal: terminal, Command: command, Environ: environ, Rows: height - 1, Width: width}
}

// intoPager makes long output go to a pager.
func intoPager(streams *iostreams.Streams, pager *outlet.Pager) (finish func(error) error) {
	stderr := streams.Err
	streams.Out, streams.Err = pager, pager.Messages(stderr)
	return func(err error) error {
		if left := pager.Close(stderr); left && errors.Is(err, syscall.EPIPE) {
			return nil
		}
		return err
	}
}

// readTxn reads the parts of a transaction, with a prompt for each. It returns nil if the
// user cancels it.
func (s *shell) readTxn(ctx context.Context) []byte {
	var text bytes.Buffer
	for _, part := range []txn.Part{txn.Comparisons, txn.SuccessRequests, txn.FailureRequests} {
		title := strings.TrimSuffix(part.Title(), ":")
		for {
			line, err := s.read(ctx, lineedit.Prompt{First: title + "> ", Bare: true})
			switch {
			case errors.Is(err, lineedit.ErrCancelled):
				return nil
			case err != nil: // Ctrl-D: the remaining parts are empty
				line = ""
			}
			text.WriteString(line + "\n")
			if line == "" {
				break
			}
		}
	}
	return text.Bytes()
}
