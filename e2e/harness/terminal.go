package harness

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// Terminal is a pseudo-terminal with its output.
type Terminal struct {
	*Output
	// TTY is the program's side of the terminal. End closes it.
	TTY *os.File

	t       testing.TB
	control *os.File
	cmd     *exec.Cmd
	gone    chan struct{} // closed when the program has ended
	err     error         // of cmd.Wait, after gone is closed
	read    chan struct{} // closed when the whole output has been read
}

// NewTerminal opens a terminal with the given size. It is closed when the test ends.
func NewTerminal(t testing.TB, rows, columns uint16) *Terminal {
	t.Helper()
	control, tty, err := pty.Open()
	if err != nil {
		t.Fatalf("open a pseudo-terminal: %v", err)
	}
	if err := pty.Setsize(tty, &pty.Winsize{Rows: rows, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	m := &Terminal{Output: &Output{}, TTY: tty, t: t, control: control, read: make(chan struct{})}
	go func() {
		defer close(m.read)
		defer m.Output.End()
		_, _ = io.Copy(m.Output, control) // ends with EIO when no program has the terminal open
	}()
	t.Cleanup(func() {
		if m.gone != nil {
			_ = m.cmd.Process.Kill()
			<-m.gone
		}
		tty.Close()
		control.Close()
	})
	return m
}

// Start starts a command in its own session, with m as its controlling terminal. If the
// command has no streams yet, all three are the terminal.
func (m *Terminal) Start(cmd *exec.Cmd) {
	m.t.Helper()
	if cmd.Stdin == nil && cmd.Stdout == nil && cmd.Stderr == nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = m.TTY, m.TTY, m.TTY
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	for fd, stream := range []any{cmd.Stdin, cmd.Stdout, cmd.Stderr} {
		if stream == m.TTY {
			cmd.SysProcAttr.Ctty = fd
			break
		}
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatalf("start %s: %v", cmd, err)
	}
	m.cmd, m.gone = cmd, make(chan struct{})
	go func() {
		defer close(m.gone)
		m.err = cmd.Wait()
	}()
}

// Type types a text at the terminal.
func (m *Terminal) Type(text string) {
	m.t.Helper()
	if _, err := m.control.WriteString(text); err != nil {
		m.t.Fatalf("type at %s: %v", m.cmd, err)
	}
}

// Signal sends a signal to the program.
func (m *Terminal) Signal(s os.Signal) {
	m.t.Helper()
	if err := m.cmd.Process.Signal(s); err != nil {
		m.t.Fatalf("%s: %v", m.cmd, err)
	}
}

// MustShow waits for a text at or after a position, and returns the position after
// it. It fails the test if the terminal does not show the text.
func (m *Terminal) MustShow(text string, from int) int {
	m.t.Helper()
	at, ok := m.WaitFor(text, from)
	if !ok {
		m.t.Fatalf("%s does not show %q: the terminal has %q", m.cmd, text, m.Since(from))
	}
	return at
}

// State returns the state of the terminal, for example its echo.
func (m *Terminal) State() term.State {
	m.t.Helper()
	state, err := term.GetState(int(m.control.Fd()))
	if err != nil {
		m.t.Fatalf("the state of the terminal: %v", err)
	}
	return *state
}

// End waits until the program has ended and its output has been read. It returns the
// result of Ending.
func (m *Terminal) End() string {
	m.t.Helper()
	select {
	case <-m.gone:
	case <-time.After(HangTimeout):
		m.t.Fatalf("%s does not end: the terminal has %q", m.cmd, m)
	}
	m.Drain()
	return Ending(m.err)
}

// Drain reads the rest of the output, after the programs that wrote it have ended.
func (m *Terminal) Drain() {
	m.TTY.Close()
	select {
	case <-m.read:
	case <-time.After(time.Second): // child processes of the program may keep the terminal open
	}
}

// RunAtTerminal runs ectl with standard output on a terminal. It returns the output of
// the terminal, and standard error.
func RunAtTerminal(t *testing.T, dir string, env, args []string) (shown, stderr string) {
	t.Helper()
	terminal := NewTerminal(t, 50, 1000) // wide enough for tables
	var said strings.Builder
	cmd := exec.Command(Ectl(), args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, terminal.TTY, &said
	terminal.Start(cmd)
	terminal.End() // the status is ignored, because many runs fail
	return terminal.String(), said.String()
}
