package harness

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

func (s *Screen) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.Len()
}

func (s *Screen) Since(from int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.shown.Bytes()[from:])
}

// RunAtTerminal runs ours with standard output on a terminal, and returns what that
// shows and what it says on standard error.
func RunAtTerminal(t *testing.T, dir string, env, args []string) (shown, stderr string) {
	t.Helper()
	control, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	defer tty.Close()
	// Wide enough for tables, and line feeds stay alone.
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 50, Cols: 1000}); err != nil {
		t.Fatal(err)
	}
	terminal := &Output{Screen: &Screen{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(terminal, control)
	}()
	var said strings.Builder
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, Ectl(), args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, tty, &said
	_ = cmd.Run() // many of them fail
	if ctx.Err() != nil {
		t.Errorf("%q does not end", args)
	}
	tty.Close()
	<-read
	return terminal.String(), said.String()
}

// Screen is everything that a program has shown so far, on whatever stream.
type Screen struct {
	mu    sync.Mutex
	shown bytes.Buffer
	ended bool
}

func (s *Screen) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown.Write(p)
}

func (s *Screen) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

// waitFor returns the position after the first occurrence of text at or after
// position from, or false if the program ended without showing it.
func (s *Screen) WaitFor(text string, from int) (int, bool) {
	for {
		s.mu.Lock()
		i := bytes.Index(s.shown.Bytes()[from:], []byte(text))
		ended := s.ended
		s.mu.Unlock()
		if i >= 0 {
			return from + i + len(text), true
		}
		if ended {
			return 0, false
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Output collects one stream and shows it on the screen.
type Output struct {
	Screen *Screen
	mu     sync.Mutex
	data   bytes.Buffer
}

func (s *Output) Write(p []byte) (int, error) {
	s.Screen.write(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.Write(p)
}

// waitForAny returns true as soon as there is any data, and false when the
// program has ended without.
func (s *Output) waitForAny(seen *Screen) bool {
	for s.String() == "" {
		seen.mu.Lock()
		ended := seen.ended
		seen.mu.Unlock()
		if ended {
			return false
		}
		time.Sleep(2 * time.Millisecond)
	}
	return true
}

func (s *Output) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.String()
}
