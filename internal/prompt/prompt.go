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

// Prompter prompts the user. Its zero value cannot be used, see New.
type Prompter struct {
	in       *bufio.Reader
	terminal *os.File
	typed    io.Reader // what is typed at the terminal
	err      io.Writer
	used     bool
}

// New returns a Prompter that reads from the terminal of s, or from s.In if there is
// none.
func New(s *iostreams.Streams) *Prompter {
	p := &Prompter{in: bufio.NewReader(s.Signals.Reader(s.In)), terminal: s.Terminal, typed: s.Typed, err: s.Err}
	if p.typed == nil {
		p.typed = s.Terminal
	}
	return p
}

// Stdin returns the rest of standard input after the answers that were read. All reads
// of standard input must go through it, because its buffer may hold more than the
// answers.
func (p *Prompter) Stdin() *bufio.Reader {
	p.used = true
	return p.in
}

// Used reports whether an answer or standard input may have been read.
func (p *Prompter) Used() bool { return p.used }

// Interactive reports whether there is a terminal to prompt on.
func (p *Prompter) Interactive() bool { return p.terminal != nil }

// Secret prompts with question and returns the answer without white space at its ends, as
// etcdctl does. At the end of the input the answer is empty. If ctx is done first, Secret
// restores the terminal and returns the cause of ctx.
func (p *Prompter) Secret(ctx context.Context, question string) (string, error) {
	question, p.used = visible.Line(question), true
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

// maxAnswer is the maximum size of an answer, in bytes.
const maxAnswer = 64 << 10

// Line reads one line of standard input and returns it without its line ending. If the
// input ends without a line, the error is io.EOF. An empty line is no error.
func (p *Prompter) Line(ctx context.Context) (string, error) {
	p.used = true
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

// NewPassword prompts twice for the new password of the user name. It refuses an empty
// password and two different ones.
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

// Again prompts a second time for the password of the user name. It refuses a different
// one.
func (p *Prompter) Again(ctx context.Context, name, password string) error {
	again, err := p.Secret(ctx, fmt.Sprintf("Type password of %s again for confirmation: ", name))
	if err == nil && again != password {
		err = ErrDifferentPasswords
	}
	return err
}

// NewPassword and Again return these errors if an answer cannot be the new password. The
// words are etcdctl's.
var (
	ErrEmptyPassword      = errors.New("empty password")
	ErrDifferentPasswords = errors.New("given passwords are different")
)

// Confirm prompts with question and reports whether the answer is "yes". The user must
// type it in full, so that a key pressed by accident does not confirm. It needs a
// terminal. If standard input is none, the controlling terminal answers.
func (p *Prompter) Confirm(ctx context.Context, question string) (bool, error) {
	answer, err := p.Answer(ctx, question+" (yes/no): ")
	return answer == "yes", err
}

// Answer prompts with question and returns the line that is typed, without white space at
// its ends. The terminal is that of Confirm. At the end of the input the answer is empty.
func (p *Prompter) Answer(ctx context.Context, question string) (string, error) {
	out, done := p.terminalOut()
	defer done()
	fmt.Fprint(out, visible.Line(question))
	answer, err := p.typedAnswer(ctx)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimSpace(answer), err
}

// typedAnswer reads the answer to a question that is not secret.
func (p *Prompter) typedAnswer(ctx context.Context) (string, error) {
	p.used = true
	if p.terminal != nil {
		return iostreams.Await(ctx, func() (string, error) { return typedLine(p.terminal) })
	}
	if tty, err := os.Open(ttyInput); err == nil {
		return iostreams.Await(ctx, func() (string, error) {
			defer tty.Close()
			return typedLine(tty)
		})
	}
	return p.Line(ctx)
}

// HasControllingTerminal reports whether Confirm can ask although standard input is not a
// terminal.
func (p *Prompter) HasControllingTerminal() bool {
	tty, err := os.Open(ttyInput)
	if err != nil {
		return false
	}
	_ = tty.Close()
	return true
}

// terminalOut returns the writer for prompts and a function that closes it. The writer is
// the controlling terminal, because standard error may be a log file. If there is no
// terminal, the writer is standard error.
func (p *Prompter) terminalOut() (io.Writer, func()) {
	if tty, err := os.OpenFile(ttyPath, os.O_WRONLY, 0); err == nil {
		return tty, func() { _ = tty.Close() }
	}
	return p.err, func() {}
}

// quietly calls ask with the echo of the terminal off. The echo stays off from the first
// prompt to the last answer. So pasted answers, and answers typed by a program, are not
// shown either.
func (p *Prompter) quietly(ask func() error) error {
	if p.terminal == nil {
		return ask()
	}
	restore, err := echoOff(int(p.terminal.Fd()))
	if err != nil {
		return fmt.Errorf("turn off the echo of the terminal: %w", err)
	}
	defer restore()
	defer crash.Undo(restore)()
	return ask()
}

// readWithoutEcho reads one line from the terminal. The caller turns the echo off.
func (p *Prompter) readWithoutEcho(ctx context.Context) (string, error) {
	return iostreams.Await(ctx, func() (string, error) { return typedLine(p.typed) })
}

// typedLine returns the next line of a terminal. An end of file (Ctrl-D) ends the line,
// which may be empty. It reads one byte at a time, because the next line belongs to
// another prompt. Package term does not detect the end of file and waits for a line
// ending.
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
