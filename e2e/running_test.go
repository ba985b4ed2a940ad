package e2e

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

// hangs ends what would never end. No machine is so slow, however busy it and its
// disk are: what takes time is waited for by what it does.
const hangs = 5 * time.Minute

// running is a program that runs beside the test.
type running struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdin          io.WriteCloser
	stdout, stderr *sink
	gone           chan struct{} // closed when it has ended
	ended          string        // how, then
}

// begin starts a program, which is killed at the end of the test at the latest.
func begin(t *testing.T, program string, env []string, args ...string) *running {
	t.Helper()
	return beginWith(t, program, env, nil, args...)
}

// beginWith has the program's standard output go to a file, where there is one.
func beginWith(t *testing.T, program string, env []string, stdout *os.File, args ...string) *running {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = env
	return beginCommand(t, cmd, stdout)
}

// beginIn starts a program in a folder, with these variables beside those of
// every run.
func beginIn(t *testing.T, program, dir string, variables []string, args ...string) *running {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, baseEnv(dir, variables...)
	return beginCommand(t, cmd, nil)
}

func beginCommand(t *testing.T, cmd *exec.Cmd, stdout *os.File) *running {
	t.Helper()
	shown := &screen{}
	r := &running{
		t: t, cmd: cmd, stdout: &sink{screen: shown}, stderr: &sink{screen: shown},
		gone: make(chan struct{}),
	}
	r.cmd.Stdout, r.cmd.Stderr, r.cmd.WaitDelay = r.stdout, r.stderr, time.Second
	if stdout != nil {
		r.cmd.Stdout = stdout
	}
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // away from a developer's terminal
	var err error
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.ended = ending(r.cmd.Wait())
		shown.end()
		close(r.gone)
	}()
	t.Cleanup(r.kill)
	return r
}

// until waits until a condition holds, for as long as a busy machine may take.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hangs); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// printed waits until the program has printed a text.
func (r *running) printed(text string) *running {
	r.t.Helper()
	for deadline := time.Now().Add(hangs); !strings.Contains(r.stdout.String(), text); time.Sleep(2 * time.Millisecond) {
		if r.hasEnded() && !strings.Contains(r.stdout.String(), text) || time.Now().After(deadline) {
			r.t.Fatalf("%s does not print %q: stdout %q, stderr %q", r.cmd, text, r.stdout, r.stderr)
		}
	}
	return r
}

func (r *running) signal(s os.Signal) *running {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Errorf("%s: %v", r.cmd, err)
	}
	return r
}

// endsWith waits for the end.
func (r *running) endsWith(want string) *running {
	r.t.Helper()
	if got := r.end(); got != want {
		r.t.Errorf("%s ended with %s, want %s: stdout %q, stderr %q", r.cmd, got, want, r.stdout, r.stderr)
	}
	return r
}

func (r *running) says(text string) *running {
	r.t.Helper()
	if !strings.Contains(r.stderr.String(), text) {
		r.t.Errorf("%s: stderr %q, want %q in it", r.cmd, r.stderr, text)
	}
	return r
}

// runs fails the test when the program has ended.
func (r *running) runs() {
	r.t.Helper()
	if r.hasEnded() {
		r.t.Fatalf("%s has ended: stdout %q, stderr %q", r.cmd, r.stdout, r.stderr)
	}
}

// hasEnded reports whether the program has ended.
func (r *running) hasEnded() bool {
	select {
	case <-r.gone:
		return true
	default:
		return false
	}
}

// end waits for the end, and returns what it was.
func (r *running) end() string {
	r.t.Helper()
	select {
	case <-r.gone:
		return r.ended
	case <-time.After(hangs):
		r.t.Fatalf("%s does not end: stdout %q, stderr %q", r.cmd, r.stdout, r.stderr)
		return ""
	}
}

func (r *running) kill() {
	_ = r.cmd.Process.Kill()
	<-r.gone
}

// ending describes how a process ended.
func ending(err error) string {
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
