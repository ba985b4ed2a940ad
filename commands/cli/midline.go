package cli

import (
	"bytes"
	"io"
	"sync"
)

// lines writes messages for the user to standard error. While a line of the output is
// incomplete on the same terminal, messages are held back. Otherwise they would appear
// inside the line.
type lines struct {
	to func() io.Writer

	mu   sync.Mutex
	open bool // a line of the output is incomplete
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

// isOpen reports whether a line of the output is incomplete.
func (l *lines) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// breakLine ends an incomplete line of the output on the terminal, and writes the held
// messages.
func (l *lines) breakLine() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		_, _ = io.WriteString(l.to(), "\n") // only on the terminal; the output itself is unchanged
	}
	l.open = false
	_, _ = l.held.WriteTo(l.to()) // a lost message has no consequence
}

// end writes the held messages if the output ended within a line.
func (l *lines) end() {
	l.mu.Lock()
	held := l.held.Len() > 0
	l.mu.Unlock()
	if held {
		l.breakLine()
	}
	l.setOpen(false)
}

// setOpen records whether a line of the output is incomplete. If not, it writes the
// held messages.
func (l *lines) setOpen(open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open = open; !open {
		_, _ = l.held.WriteTo(l.to())
	}
}

// lineWriter writes the output to a terminal that also shows the messages.
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

// MidLine reports whether the terminal shows an incomplete line of the output. Nothing
// else may be printed there.
func (f *Factory) MidLine() bool { return f.said.isOpen() }

// BreakLine ends an incomplete line of the output on the terminal, before a prompt.
func (f *Factory) BreakLine() { f.said.breakLine() }
