package cli

import (
	"bytes"
	"io"
	"sync"
)

// lines writes what is said to the user on standard error. While the output has a
// line open on the same terminal, it is held back: it would end up inside the
// document.
type lines struct {
	to func() io.Writer

	mu   sync.Mutex
	open bool // a line of the output
	held bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		return l.held.Write(p)
	}
	return l.to().Write(p)
}

// isOpen says whether a line of the output is open.
func (l *lines) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// breakLine ends a line of the output that is open, and writes what was held back.
func (l *lines) breakLine() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		_, _ = io.WriteString(l.to(), "\n") // on the terminal alone, the output stays as it is
	}
	l.open = false
	_, _ = l.held.WriteTo(l.to()) // a line on standard error that is lost has no consequence
}

// end writes what was held back if the output has ended within a line.
func (l *lines) end() {
	l.mu.Lock()
	held := l.held.Len() > 0
	l.mu.Unlock()
	if held {
		l.breakLine()
	}
	l.setOpen(false)
}

// setOpen notes whether a line of the output is open. If none is, it writes what was
// held back.
func (l *lines) setOpen(open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open = open; !open {
		_, _ = l.held.WriteTo(l.to())
	}
}

// lineWriter writes the output to the terminal that shows what is said, too.
type lineWriter struct {
	io.Writer
	said *lines
}

// Write implements io.Writer.
func (w lineWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if n > 0 {
		w.said.setOpen(p[n-1] != '\n')
	}
	return n, err
}

// MidLine says whether the terminal shows the beginning of a line of the output, in
// which nothing else may be shown.
func (f *Factory) MidLine() bool { return f.said.isOpen() }

// BreakLine ends such a line on the terminal, for a question.
func (f *Factory) BreakLine() { f.said.breakLine() }
