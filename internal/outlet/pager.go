// Package outlet passes the output of a command on to another program: a pager, or a
// pipeline of the system's shell.
package outlet

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
)

// Pager is the output of a command on a terminal. It holds the output back until it is
// more than the terminal can show. Then it starts the pager. If the command ends before,
// or pauses, the output goes to the terminal.
type Pager struct {
	Terminal    *os.File
	Command     string // for the system's shell
	Environ     []string
	Rows, Width int // of the terminal

	mu     sync.Mutex
	state  state
	held   bytes.Buffer
	rows   int // of the held output
	column int
	timer  *time.Timer
	cmd    *exec.Cmd
	pipe   io.WriteCloser
	late   bytes.Buffer // messages while the pager runs
	quit   bool
}

type state int

const (
	holding state = iota
	direct
	paging
)

// patience is the time for which the output is held back.
const patience = 200 * time.Millisecond

// Fd returns the descriptor of the terminal.
func (p *Pager) Fd() uintptr { return p.Terminal.Fd() }

// Write implements io.Writer.
func (p *Pager) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.state {
	case direct:
		return p.Terminal.Write(text)
	case paging:
		return p.pass(text)
	case holding:
	}
	p.held.Write(text)
	p.count(text)
	if p.rows < p.Rows {
		if p.timer == nil {
			p.timer = time.AfterFunc(patience, crash.Guarded(p.release))
		}
		return len(text), nil
	}
	if err := p.start(); err != nil {
		return len(text), p.flush()
	}
	if _, err := p.pass(p.held.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// count counts the rows that the terminal needs for the text. It takes each byte for a
// column, so it may count too many.
func (p *Pager) count(text []byte) {
	for _, c := range text {
		if p.column++; c == '\n' || p.column > p.Width {
			p.rows++
			p.column = 0
		}
	}
}

// start starts the pager.
func (p *Pager) start() error {
	cmd := exec.Command("sh", "-c", p.Command) //nolint:noctx // it ends with its user
	cmd.Stdout, cmd.Stderr, cmd.Env = p.Terminal, p.Terminal, p.Environ
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd, p.pipe, p.state = cmd, pipe, paging
	return nil
}

// pass writes to the pager. If its user has left it, the rest of the output is lost.
func (p *Pager) pass(text []byte) (int, error) {
	n, err := p.pipe.Write(text)
	p.quit = p.quit || errors.Is(err, syscall.EPIPE)
	return n, err
}

// release writes the held output to the terminal.
func (p *Pager) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == holding {
		_ = p.flush()
	}
}

func (p *Pager) flush() error {
	p.state = direct
	_, err := p.held.WriteTo(p.Terminal)
	return err
}

// Messages returns a writer of messages to w. They come after the output that was written
// before. While the pager runs, they are held back.
func (p *Pager) Messages(w io.Writer) io.Writer { return messages{p, w} }

type messages struct {
	pager *Pager
	to    io.Writer
}

// Write implements io.Writer.
func (m messages) Write(text []byte) (int, error) {
	m.pager.mu.Lock()
	defer m.pager.mu.Unlock()
	switch m.pager.state {
	case paging:
		return m.pager.late.Write(text)
	case holding:
		if m.pager.held.Len() > 0 {
			_ = m.pager.flush()
		}
	case direct:
	}
	return m.to.Write(text)
}

// Close writes what is held back, and waits for the pager. It reports whether the user has
// left the pager before the end of the output.
func (p *Pager) Close(stderr io.Writer) (left bool) {
	p.release()
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.cmd == nil {
		return false
	}
	_ = p.pipe.Close()
	_ = p.cmd.Wait() // its status says nothing about the command
	_, _ = p.late.WriteTo(stderr)
	return p.quit
}

// Fd returns the descriptor of the terminal.
func (m messages) Fd() uintptr { return m.pager.Fd() }

// Live reports whether messages appear on the terminal at once: the pager does not run.
func (m messages) Live() bool {
	m.pager.mu.Lock()
	defer m.pager.mu.Unlock()
	return m.pager.state != paging
}
