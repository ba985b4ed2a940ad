package harness

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a program that runs during the test.
type Process struct {
	Cmd            *exec.Cmd
	Stdin          *os.File
	Stdout, Stderr *Output
	Gone           chan struct{} // closed after the process has ended

	t     *testing.T
	ended string // result of Ending
}

// Start starts a program. The program is killed at the end of the test.
func Start(t *testing.T, program string, env []string, args ...string) *Process {
	t.Helper()
	return StartWritingTo(t, program, env, nil, args...)
}

// StartWritingTo starts a program with standard output in the file stdout. If stdout is
// nil, Process.Stdout collects the output.
func StartWritingTo(t *testing.T, program string, env []string, stdout *os.File, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = env
	return StartCommand(t, cmd, stdout)
}

// StartIn starts a program in a folder. The variables are added to the environment of
// Env.
func StartIn(t *testing.T, program, dir string, variables []string, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, Env(dir, variables...)
	return StartCommand(t, cmd, nil)
}

// StartCommand starts the command cmd of the test. stdout has the same meaning as in
// StartWritingTo.
func StartCommand(t *testing.T, cmd *exec.Cmd, stdout *os.File) *Process {
	t.Helper()
	r := &Process{t: t, Cmd: cmd, Stdout: &Output{}, Stderr: &Output{}, Gone: make(chan struct{})}
	r.Cmd.Stdout, r.Cmd.Stderr, r.Cmd.WaitDelay = r.Stdout, r.Stderr, time.Second
	if stdout != nil {
		r.Cmd.Stdout = stdout
	}
	r.Cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // detached from the developer's terminal
	stdin, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	r.Cmd.Stdin, r.Stdin = stdin, write
	if err := r.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.ended = Ending(r.Cmd.Wait())
		close(r.Gone)
	}()
	t.Cleanup(func() {
		r.Kill()
		write.Close()
	})
	return r
}

// WaitFor waits until the program has printed a text on standard output. It fails the
// test if the program ends without printing it.
func (r *Process) WaitFor(text string) *Process {
	r.t.Helper()
	for deadline := time.Now().Add(HangTimeout); !strings.Contains(r.Stdout.String(), text); time.Sleep(2 * time.Millisecond) {
		if r.HasEnded() && !strings.Contains(r.Stdout.String(), text) || time.Now().After(deadline) {
			r.t.Fatalf("%s does not print %q: stdout %q, stderr %q", r.Cmd, text, r.Stdout, r.Stderr)
		}
	}
	return r
}

// Signal sends a signal to the program.
func (r *Process) Signal(s os.Signal) *Process {
	r.t.Helper()
	if err := r.Cmd.Process.Signal(s); err != nil {
		r.t.Errorf("%s: %v", r.Cmd, err)
	}
	return r
}

// WantEnd waits until the program ends. It reports an error if the end differs from
// want, for example "status 1" or "signal killed".
func (r *Process) WantEnd(want string) *Process {
	r.t.Helper()
	if got := r.End(); got != want {
		r.t.Errorf("%s ended with %s, want %s: stdout %q, stderr %q", r.Cmd, got, want, r.Stdout, r.Stderr)
	}
	return r
}

// WantStderr reports an error if standard error does not contain a text yet.
func (r *Process) WantStderr(text string) *Process {
	r.t.Helper()
	if !strings.Contains(r.Stderr.String(), text) {
		r.t.Errorf("%s: stderr %q, want %q in it", r.Cmd, r.Stderr, text)
	}
	return r
}

// MustRun fails the test if the program has ended.
func (r *Process) MustRun() {
	r.t.Helper()
	if r.HasEnded() {
		r.t.Fatalf("%s has ended: stdout %q, stderr %q", r.Cmd, r.Stdout, r.Stderr)
	}
}

// HasReadStdin reports whether the program has read all that was written to Stdin.
func (r *Process) HasReadStdin() bool {
	r.t.Helper()
	unread, err := unix.IoctlGetInt(int(r.Stdin.Fd()), unix.TIOCINQ)
	if err != nil {
		r.t.Fatal(err)
	}
	return unread == 0
}

// HasEnded reports whether the program has ended.
func (r *Process) HasEnded() bool {
	select {
	case <-r.Gone:
		return true
	default:
		return false
	}
}

// End waits until the program ends, and returns the result of Ending. It fails the test
// after HangTimeout.
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

// Kill kills the program and waits until it has ended.
func (r *Process) Kill() {
	_ = r.Cmd.Process.Kill()
	<-r.Gone
}

// Ending describes the end of a process from the error of exec.Cmd.Wait, for example
// "status 0" or "signal interrupt".
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
