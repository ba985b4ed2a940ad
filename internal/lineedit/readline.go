package lineedit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
	"golang.org/x/term"

	"github.com/ectl-io/ectl/internal/crash"
)

// readlineEditor is the editor of the library with our keys. The library draws its menus
// only if the terminal reports the position of the cursor for each key. Not every terminal
// does, and the report gets between the keys that are typed meanwhile. So the menus are
// ours. They are drawn as the library's hint, below the text.
type readlineEditor struct {
	*readline.Shell
	editor *Editor
	prompt Prompt
	filled bool // Prompt.Initial is in the line

	menu    *menu   // nil: no menu of completions is open
	search  *search // nil: the history is not searched
	message string  // instead of the hint, until the text is no longer about
	about   string

	awaited *awaited    // completions that are not there yet
	arrived atomic.Bool // they may be there now
}

// newReadline returns the editor of the library. It reads ~/.inputrc.
func newReadline(e *Editor) *readlineEditor {
	r := &readlineEditor{Shell: readline.NewShell(), editor: e}
	for name, value := range map[string]any{
		"cursor-position-probe":  false,
		"history-autosuggest":    true,
		"enable-bracketed-paste": true,
		"multiline-column":       false,
		"revert-all-at-newline":  true,
		"convert-meta":           false,
		"input-meta":             true,
		"output-meta":            true,
		"blink-matching-paren":   false,
		"autocomplete":           false,
	} {
		_ = r.Config.Set(name, value)
	}
	r.bind()
	r.Prompt.Primary(func() string { return r.prompt.First })
	r.Prompt.Secondary(func() string { return r.prompt.Next })
	r.History.Delete()
	r.History.Add("history", &lines{r})
	r.Hint.SetProvider(r.below)
	r.SyntaxHighlighter = r.highlight
	return r
}

// bind binds the keys whose commands are ours.
func (r *readlineEditor) bind() {
	commands := map[string]func(){}
	for _, key := range []struct {
		sequences []string
		name      string
		run       func()
	}{
		{[]string{`\C-i`}, "shell-complete", r.complete},
		{[]string{`\e[Z`}, "shell-complete-backward", r.completeBackward},
		{[]string{`\C-r`}, "shell-search", r.searchHistory},
		{[]string{`\C-m`, `\C-j`}, "shell-accept", r.accept},
		{[]string{`\C-c`}, "shell-cancel", r.cancel},
		{[]string{`\C-z`}, "shell-suspend", r.suspend},
		{[]string{`\C-g`}, "shell-close", r.closeMenus},
		{[]string{`\e[A`, `\eOA`, `\C-p`}, "shell-up", r.up},
		{[]string{`\e[B`, `\eOB`, `\C-n`}, "shell-down", r.down},
	} {
		commands[key.name] = key.run
		for _, keymap := range []string{"emacs", "vi-insert"} {
			for _, sequence := range key.sequences {
				_ = r.Config.Bind(keymap, inputrc.Unescape(sequence), key.name, false)
			}
		}
	}
	r.Keymap.Register(commands)
}

// read reads a text. If ctx ends first, the editor goes on reading, because the program
// is about to exit.
func (r *readlineEditor) read(ctx context.Context, prompt Prompt) (string, error) {
	r.prompt, r.filled, r.menu, r.search, r.message, r.awaited = prompt, false, nil, nil, "", nil
	r.feedAhead()
	defer onContinue(r.editor.config.Terminal, r.Keys.RequestRefresh)()
	type result struct {
		text string
		err  error
	}
	results := make(chan result, 1)
	crash.Go(func() {
		text, err := r.Readline()
		results <- result{text, err}
	})
	select {
	case got := <-results:
		r.keepRest()
		switch {
		case errors.Is(got.err, readline.ErrInterrupt):
			return "", ErrCancelled
		case errors.Is(got.err, io.EOF):
			return "", io.EOF
		case got.err != nil:
			return "", fmt.Errorf("read the terminal: %w", got.err)
		}
		return got.text, nil
	case <-ctx.Done():
		fmt.Fprint(r.editor.config.Out, "\r\n")
		return "", context.Cause(ctx)
	}
}

// feedAhead passes the keys that were read ahead to the editor.
func (r *readlineEditor) feedAhead() {
	block := make([]byte, 4<<10)
	for n := r.editor.keys.take(block); n > 0; n = r.editor.keys.take(block) {
		r.Keys.Feed(false, []rune(string(block[:n]))...)
	}
}

// keepRest keeps the keys that the editor has read and not used.
func (r *readlineEditor) keepRest() {
	var rest []byte
	for key, empty := r.Keys.Pop(); !empty; key, empty = r.Keys.Pop() {
		rest = append(rest, key)
	}
	r.editor.keys.unread(rest, false)
}

// text returns the text and the index of the cursor in it, in bytes.
func (r *readlineEditor) text() (text string, cursor int) {
	line := []rune(*r.Line())
	at := min(max(r.Cursor().Pos(), 0), len(line))
	return string(line), len(string(line[:at]))
}

// setText replaces the text. cursor is an index of a byte.
func (r *readlineEditor) setText(text string, cursor int) {
	r.Line().Set([]rune(text)...)
	r.Cursor().Set(len([]rune(text[:cursor])))
}

// accept ends the text, or begins another line of it.
func (r *readlineEditor) accept() {
	if r.search != nil {
		if found, ok := r.search.chosen(); ok {
			r.setText(found, len(found))
		}
		r.search = nil
	}
	r.menu = nil
	text, _ := r.text()
	if !r.prompt.Bare && r.editor.config.Continues(text) {
		r.Line().Insert(r.Cursor().Pos(), '\n')
		r.Cursor().Inc()
		return
	}
	r.message = ""
	r.Display.AcceptLine()
	r.History.Accept(false, false, nil)
}

// cancel ends the text for Ctrl-C. The library's command ignores Ctrl-C, and loses the next
// key, if another key is there already.
func (r *readlineEditor) cancel() {
	r.closeMenus()
	r.Display.AcceptLine()
	r.History.Accept(false, false, readline.ErrInterrupt)
}

func (r *readlineEditor) suspend() {
	r.Display.ClearHelpers()
	suspend(r.editor.config.Terminal)
}

// closeMenus closes what is open below the text.
func (r *readlineEditor) closeMenus() { r.menu, r.search, r.awaited, r.message = nil, nil, nil, "" }

// up goes to an earlier line, or up in a menu.
func (r *readlineEditor) up() { r.vertical(-1, r.searchStep) }

// down goes to a later line, or down in a menu.
func (r *readlineEditor) down() { r.vertical(1, r.searchStep) }

func (r *readlineEditor) vertical(step int, inSearch func(int)) {
	switch {
	case r.search != nil:
		inSearch(step)
	case r.isMenuOpen():
		r.choose(step)
	case step < 0 && r.Cursor().LinePos() > 0, step > 0 && r.Cursor().LinePos() < r.Line().Lines():
		r.Cursor().LineMove(step)
	default:
		r.History.Save()
		r.History.Walk(-step)
	}
}

// highlight returns the text with colours. Before it, it makes sure that the screen has
// rows below the text: the library assumes this.
func (r *readlineEditor) highlight(line []rune) string {
	text := string(line)
	width, _ := r.size()
	rows := 1 + (len(line)+len([]rune(r.prompt.First)))/width + strings.Count(text, "\n")
	reserve := strings.Repeat("\x1bD", rows) + fmt.Sprintf("\x1b[%dA", rows)
	return reserve + r.editor.highlight(text, &r.prompt)
}

// size returns the size of the terminal.
func (r *readlineEditor) size() (width, height int) {
	width, height, err := term.GetSize(int(r.editor.config.Out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// below returns what stands below the text. The library calls it before it draws the
// text, so it can change the text.
func (r *readlineEditor) below([]rune, int) []rune {
	if !r.filled {
		r.filled = true
		if r.prompt.Initial != "" {
			r.setText(r.prompt.Initial, len(r.prompt.Initial))
			r.Keys.RequestRefresh() // what the library has computed for the empty text is wrong
		}
	}
	if r.prompt.Bare {
		return nil
	}
	if r.arrived.Swap(false) && r.awaited != nil {
		r.completeAwaited()
		r.Keys.RequestRefresh()
	}
	text, _ := r.text()
	width, height := r.size()
	rows := max(1, min(maxRows, height/2-1))
	switch {
	case r.search != nil:
		return []rune(r.search.draw(text, r.editor.config.History(), rows, width))
	case r.isMenuOpen():
		return []rune(r.menu.draw(rows, width))
	case r.message != "" && r.about == text:
		return []rune(dim(cut(r.message, width)))
	case r.editor.config.Hint != nil:
		return []rune(dim(cut(r.editor.config.Hint(text), width)))
	}
	return nil
}

// say shows a message until the text changes.
func (r *readlineEditor) say(message string) {
	r.about, _ = r.text()
	r.message = message
}

// Refresh shows completions that Config.Complete did not have yet. It may be called from
// any goroutine while Read runs.
func (e *Editor) Refresh() {
	if r := e.readline; r != nil {
		r.arrived.Store(true)
		r.Keys.RequestRefresh()
	}
}

// lines are the earlier lines, as the library reads them.
type lines struct{ *readlineEditor }

func (h *lines) all() []string {
	if h.prompt.Bare || h.editor.config.History == nil {
		return nil
	}
	return h.editor.config.History()
}

// Len implements readline.History.
func (h *lines) Len() int { return len(h.all()) }

// GetLine implements readline.History.
func (h *lines) GetLine(n int) (string, error) {
	all := h.all()
	if n < 0 || n >= len(all) {
		return "", errors.New("there is no such line")
	}
	return all[n], nil
}

// Write implements readline.History. The caller of Read decides which lines it keeps.
func (h *lines) Write(string) (int, error) { return h.Len(), nil }

// Dump implements readline.History.
func (h *lines) Dump() any { return h.all() }
