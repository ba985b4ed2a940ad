// Package prompt prompts the user for secrets.
//
// On a terminal the answer is read without echo. Otherwise answers are lines of standard
// input, in the order of the prompts, from one buffered reader:
// printf 'pw\npw\n' | ectl user add bob.
package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/visible"
)

// Prompter asks questions. Its zero value cannot be used, see New.
type Prompter struct {
	in       *bufio.Reader
	terminal *os.File
	err      io.Writer
}

// New returns a Prompter on the terminal of s or, without one, on s.In.
func New(s *iostreams.Streams) *Prompter {
	return &Prompter{in: bufio.NewReader(s.Signals.Reader(s.In)), terminal: s.Terminal, err: s.Err}
}

// Stdin is the standard input, less what questions have read of it. Everything
// that reads standard input must read it here, because the buffer behind it
// may hold more than the lines asked for.
func (p *Prompter) Stdin() *bufio.Reader { return p.in }

// Interactive says whether questions reach a person.
func (p *Prompter) Interactive() bool { return p.terminal != nil }

// Secret asks question and returns the answer, without white space at its
// ends, as etcdctl reads it. The end of the input is an empty answer. It
// returns the cause of ctx's end when ctx ends first, the terminal restored.
func (p *Prompter) Secret(ctx context.Context, question string) (string, error) {
	question = visible.Line(question)
	if p.terminal == nil {
		fmt.Fprintln(p.err, question)
		line, err := p.Line(ctx)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return strings.TrimSpace(line), err
	}
	var answer string
	err := p.quietly(func() error {
		out, done := p.terminalOut()
		defer done()
		fmt.Fprint(out, question)
		var err error
		answer, err = p.readWithoutEcho(ctx)
		fmt.Fprintln(out)
		return err
	})
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(answer), nil
}

// maxAnswer is more than any answer, in bytes.
const maxAnswer = 64 << 10

// Line reads one line of standard input and returns it without its line
// ending. The error is io.EOF if the input ends and there is no line, which is
// not the same as an empty one.
func (p *Prompter) Line(ctx context.Context) (string, error) {
	return iostreams.Await(ctx, func() (string, error) {
		line, err := limited.ReadLine(p.in, maxAnswer)
		switch {
		case errors.Is(err, io.EOF) && line == "":
			return "", io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return "", fmt.Errorf("read standard input: %w", err)
		}
		return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
	})
}

// NewPassword asks twice for the new password of the user name. An empty
// password or two different ones are errors.
func (p *Prompter) NewPassword(ctx context.Context, name string) (string, error) {
	var password string
	err := p.quietly(func() (err error) {
		if password, err = p.Secret(ctx, fmt.Sprintf("Password of %s: ", name)); err != nil {
			return err
		}
		if password == "" {
			return ErrEmptyPassword
		}
		return p.Again(ctx, name, password)
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// Again asks once more for the password of the user name, which was typed. Two
// different ones are an error.
func (p *Prompter) Again(ctx context.Context, name, password string) error {
	again, err := p.Secret(ctx, fmt.Sprintf("Type password of %s again for confirmation: ", name))
	if err == nil && again != password {
		err = ErrDifferentPasswords
	}
	return err
}

// The errors of an answer that cannot be a new password, in etcdctl's words.
var (
	ErrEmptyPassword      = errors.New("empty password")
	ErrDifferentPasswords = errors.New("given passwords are different")
)

// Confirm asks question and says whether the answer is yes, spelled out: a key
// that was hit by accident is no answer. It is for a person at a terminal.
func (p *Prompter) Confirm(ctx context.Context, question string) (bool, error) {
	out, done := p.terminalOut()
	defer done()
	fmt.Fprintf(out, "%s (yes/no): ", visible.Line(question))
	answer, err := p.Line(ctx)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimSpace(answer) == "yes", err
}

// terminalOut is where questions are written: the controlling terminal, since
// standard error may be a log file, or else standard error.
func (p *Prompter) terminalOut() (io.Writer, func()) {
	if tty, err := os.OpenFile(ttyPath, os.O_WRONLY, 0); err == nil {
		return tty, func() { _ = tty.Close() }
	}
	return p.err, func() {}
}

// quietly asks with the terminal's echo off, from before the first question is
// shown until after the last answer: an answer that is there at once, pasted or
// typed by a program, must not be seen either.
func (p *Prompter) quietly(ask func() error) error {
	if p.terminal == nil {
		return ask()
	}
	restore, err := echoOff(int(p.terminal.Fd()))
	if err != nil {
		return fmt.Errorf("switch the terminal's echo off: %w", err)
	}
	defer restore()
	defer crash.Undo(restore)()
	return ask()
}

// readWithoutEcho reads one line of the terminal, whose echo is off.
func (p *Prompter) readWithoutEcho(ctx context.Context) (string, error) {
	return iostreams.Await(ctx, func() (string, error) { return typedLine(p.terminal) })
}

// typedLine returns the next line of a terminal. What was typed before an end
// of file (Ctrl-D) is a line, too, and nothing an empty one. It takes one byte
// at a time, because the next line is for another question. Package term does
// not see the end of file: it waits for a line ending.
func typedLine(terminal io.Reader) (string, error) {
	var line []byte
	for next := make([]byte, 1); ; {
		n, err := terminal.Read(next)
		switch {
		case n > 0 && next[0] != '\n':
			line = append(line, next[0])
		case n > 0, errors.Is(err, io.EOF):
			return string(line), nil
		case err != nil:
			return "", fmt.Errorf("read the terminal: %w", err)
		}
	}
}
