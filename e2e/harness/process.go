package harness

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a program that runs beside the test.
type Process struct {
	t              *testing.T
	Cmd            *exec.Cmd
	Stdin          io.WriteCloser
	Stdout, Stderr *Output
	Gone           chan struct{} // closed when it has ended
	ended          string        // how, then
}

// Start starts a program, which is killed at the end of the test at the latest.
func Start(t *testing.T, program string, env []string, args ...string) *Process {
	t.Helper()
	return StartWritingTo(t, program, env, nil, args...)
}

// StartWritingTo has the program's standard output go to a file, where there is one.
func StartWritingTo(t *testing.T, program string, env []string, stdout *os.File, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = env
	return StartCommand(t, cmd, stdout)
}

// StartIn starts a program in a folder, with these variables beside those of
// every run.
func StartIn(t *testing.T, program, dir string, variables []string, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, Env(dir, variables...)
	return StartCommand(t, cmd, nil)
}

func StartCommand(t *testing.T, cmd *exec.Cmd, stdout *os.File) *Process {
	t.Helper()
	shown := &Screen{}
	r := &Process{
		t: t, Cmd: cmd, Stdout: &Output{Screen: shown}, Stderr: &Output{Screen: shown},
		Gone: make(chan struct{}),
	}
	r.Cmd.Stdout, r.Cmd.Stderr, r.Cmd.WaitDelay = r.Stdout, r.Stderr, time.Second
	if stdout != nil {
		r.Cmd.Stdout = stdout
	}
	r.Cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // away from a developer's terminal
	var err error
	if r.Stdin, err = r.Cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := r.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.ended = Ending(r.Cmd.Wait())
		shown.End()
		close(r.Gone)
	}()
	t.Cleanup(r.Kill)
	return r
}

// printed waits until the program has printed a text.
func (r *Process) WaitFor(text string) *Process {
	r.t.Helper()
	for deadline := time.Now().Add(HangTimeout); !strings.Contains(r.Stdout.String(), text); time.Sleep(2 * time.Millisecond) {
		if r.HasEnded() && !strings.Contains(r.Stdout.String(), text) || time.Now().After(deadline) {
			r.t.Fatalf("%s does not print %q: stdout %q, stderr %q", r.Cmd, text, r.Stdout, r.Stderr)
		}
	}
	return r
}

func (r *Process) Signal(s os.Signal) *Process {
	r.t.Helper()
	if err := r.Cmd.Process.Signal(s); err != nil {
		r.t.Errorf("%s: %v", r.Cmd, err)
	}
	return r
}

// endsWith waits for the end.
func (r *Process) WantEnd(want string) *Process {
	r.t.Helper()
	if got := r.End(); got != want {
		r.t.Errorf("%s ended with %s, want %s: stdout %q, stderr %q", r.Cmd, got, want, r.Stdout, r.Stderr)
	}
	return r
}

func (r *Process) WantStderr(text string) *Process {
	r.t.Helper()
	if !strings.Contains(r.Stderr.String(), text) {
		r.t.Errorf("%s: stderr %q, want %q in it", r.Cmd, r.Stderr, text)
	}
	return r
}

// runs fails the test when the program has ended.
func (r *Process) MustRun() {
	r.t.Helper()
	if r.HasEnded() {
		r.t.Fatalf("%s has ended: stdout %q, stderr %q", r.Cmd, r.Stdout, r.Stderr)
	}
}

// hasEnded reports whether the program has ended.
func (r *Process) HasEnded() bool {
	select {
	case <-r.Gone:
		return true
	default:
		return false
	}
}

// end waits for the end, and returns what it was.
func (r *Process) End() string {
	r.t.Helper()
	select {
	case <-r.Gone:
		return r.ended
	case <-time.After(HangTimeout):
		r.t.Fatalf("%s does not end: stdout %q, stderr %q", r.Cmd, r.Stdout, r.Stderr)
		return ""
	}
}

func (r *Process) Kill() {
	_ = r.Cmd.Process.Kill()
	<-r.Gone
}

// Ending describes how a process ended.
func Ending(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "status 0"
	case errors.As(err, &exit):
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return "signal " + status.Signal().String()
		}
		return "status " + strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}
