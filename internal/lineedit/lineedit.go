// Package lineedit reads the lines that a person types at a terminal: with an editor that
// shows a menu of completions, colours, a hint and a suggestion, or plainly.
//
// It wraps github.com/reeflective/readline, which reads and writes the standard streams of
// the process. Lines that are typed at once, as by a program, bypass that editor: it
// draws the whole line at each key. Keys that were read ahead are kept for the next line,
// and for commands that read standard input.
package lineedit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/visible"
)

// ErrCancelled reports that the user cancelled a line with Ctrl-C.
var ErrCancelled = errors.New("the line was cancelled")

// Config describes an Editor. Its functions are called by Read, from the goroutine of the
// editor. They must return at once. Those that may be nil are marked.
type Config struct {
	Terminal *os.File // standard input
	Out      *os.File // standard output, on the same terminal

	// Plain leaves editing to the terminal. There are no colours and no completion then.
	Plain bool

	// Continues reports whether a text is incomplete, so that another line follows.
	Continues func(text string) bool

	// History returns the earlier lines, oldest first.
	History func() []string

	// Highlight returns the text with colours. It may only add escape sequences.
	Highlight func(text string) string

	// Hint returns a line to show below the text, or an empty string.
	Hint func(text string) string

	// Complete returns completions of the text at the cursor, an index of a byte.
	Complete func(text string, cursor int) Completions
}

// Editor reads lines. Only one Read may run at a time.
type Editor struct {
	config   Config
	keys     *keyboard
	readline *readlineEditor // nil before the first use
}

// New returns an Editor.
func New(config Config) *Editor {
	return &Editor{config: config, keys: &keyboard{terminal: config.Terminal}}
}

// Prompt is what stands before a line.
type Prompt struct {
	First, Next string // of the first line of a text, and of further ones

	// Initial is a text that the user can change.
	Initial string

	// Bare means that the line is no command: it has no history, no completion, no
	// colours and no further lines.
	Bare bool
}

// Typed returns a reader of what is typed while no line is read. Its reads end with ctx.
func (e *Editor) Typed(ctx context.Context) io.Reader { return e.keys.reader(ctx) }

// TakeInterrupt reports whether the user has pressed Ctrl-C since the last Read, when it
// was no signal yet.
func (e *Editor) TakeInterrupt() bool { return !e.config.Plain && e.keys.takeInterrupt() }

// Read reads a text: a line, or several if it continues. It returns ErrCancelled after
// Ctrl-C, io.EOF after Ctrl-D in an empty line, and the cause of ctx if ctx ends.
func (e *Editor) Read(ctx context.Context, prompt Prompt) (string, error) {
	if e.config.Plain {
		return e.readPlain(ctx, prompt)
	}
	restore, err := raw(e.config.Terminal)
	if err != nil {
		return "", fmt.Errorf("set the mode of the terminal: %w", err)
	}
	defer restore()
	if prompt.Initial == "" {
		text, complete := e.readAhead(&prompt)
		if complete {
			return text, nil
		}
		prompt.Initial = text
	}
	if e.readline == nil {
		e.readline = newReadline(e)
	}
	return e.readline.read(ctx, prompt)
}

// readAhead returns a text that was typed already. If it is not complete, the user goes on
// with it. Its complete lines are shown.
func (e *Editor) readAhead(prompt *Prompt) (text string, complete bool) {
	shown := prompt.First
	for {
		keys, whole := e.keys.typedAhead()
		line := string(keys)
		switch {
		case !whole:
			return text + line, false
		case !utf8.ValidString(line) || !visible.Is(line):
			e.keys.unread(append(keys, '\n'), true)
			return text, false
		}
		text += line
		fmt.Fprint(e.config.Out, shown, e.highlight(line, prompt), "\r\n")
		if prompt.Bare || !e.config.Continues(text) {
			return text, true
		}
		text += "\n"
		shown = prompt.Next
	}
}

func (e *Editor) highlight(text string, prompt *Prompt) string {
	if prompt.Bare || e.config.Highlight == nil {
		return text
	}
	return e.config.Highlight(text)
}

// maxText is the maximum size of a text, in bytes.
const maxText = 16 << 20

// readPlain reads a text with the editing of the terminal.
func (e *Editor) readPlain(ctx context.Context, prompt Prompt) (string, error) {
	text, shown := "", prompt.First
	in := e.keys.reader(ctx)
	if prompt.Initial != "" {
		fmt.Fprintln(e.config.Out, prompt.Initial)
		shown = "(Enter runs it) " + shown
	}
	for {
		fmt.Fprint(e.config.Out, shown)
		line, err := plainLine(in)
		switch {
		case ctx.Err() != nil:
			fmt.Fprintln(e.config.Out)
			return "", ErrCancelled
		case errors.Is(err, io.EOF):
			fmt.Fprintln(e.config.Out)
			return "", io.EOF
		case err != nil:
			return "", fmt.Errorf("read the terminal: %w", err)
		}
		if text += line; len(text) > maxText {
			return "", fmt.Errorf("read the terminal: a line is larger than %d bytes", maxText)
		}
		if text == "" {
			return prompt.Initial, nil
		}
		if prompt.Bare || !e.config.Continues(text) {
			return text, nil
		}
		text += "\n"
		shown = prompt.Next
	}
}

// plainLine reads a line, without its ending.
func plainLine(in io.Reader) (string, error) {
	var line strings.Builder
	for block := make([]byte, 4<<10); ; {
		n, err := in.Read(block)
		if err != nil {
			return "", err
		}
		text, ended := strings.CutSuffix(string(block[:n]), "\n")
		line.WriteString(text)
		if ended {
			return line.String(), nil
		}
	}
}
