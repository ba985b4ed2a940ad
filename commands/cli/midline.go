package cli

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/iostreams"
)

// lines writes messages for the user to standard error. While a line of the output is
// incomplete on the same terminal, messages are held back. Otherwise they would appear
// inside the line.
type lines struct {
	to func() io.Writer

	mu   sync.Mutex
	open bool // a line of the output is incomplete
	held bytes.Buffer

	status  bool // the terminal shows a status line
	writing bool // the output is being written
	written time.Time
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		return l.held.Write(p)
	}
	l.eraseStatus()
	return l.to().Write(p)
}

// clearLine moves to the start of a terminal's line and clears it.
const clearLine = "\r\x1b[2K"

// outputPause is how long the output must pause until a status line is shown below it.
const outputPause = time.Second

// showStatus shows a status line on the terminal in place of the last one, or none if text
// is empty. The next message or line of the output removes it. It is not shown within a
// line of the output, or while the output goes on.
func (l *lines) showStatus(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text == "" {
		l.eraseStatus()
		return
	}
	if l.open || l.writing || time.Since(l.written) < outputPause || !iostreams.IsLive(l.to()) {
		return
	}
	l.status = true
	_, _ = io.WriteString(l.to(), clearLine+text)
}

func (l *lines) eraseStatus() {
	if l.status {
		_, _ = io.WriteString(l.to(), clearLine)
	}
	l.status = false
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
	l.eraseStatus()
	if l.open {
		_, _ = io.WriteString(l.to(), "\n") // only on the terminal; the output itself is unchanged
	}
	l.open = false
	_, _ = l.held.WriteTo(l.to()) // a lost message has no consequence
}

// end writes the held messages if the output ended within a line.
func (l *lines) end() {
	l.mu.Lock()
	l.eraseStatus()
	held := l.held.Len() > 0
	l.mu.Unlock()
	if held {
		l.breakLine()
	}
	l.setOpen(false)
}

// beginOutput notes that the output is about to be written, until endOutput.
func (l *lines) beginOutput() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.eraseStatus()
	l.writing = true
}

func (l *lines) endOutput() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writing, l.written = false, time.Now()
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
	w.said.beginOutput()
	n, err := w.Writer.Write(p)
	w.said.endOutput()
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
