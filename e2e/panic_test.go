package e2e

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/ectl-io/ectl/e2e/harness"
)

// A panic in any goroutine of ours gives the terminal its echo back, and ends with
// one line and the status 70.
func TestAPanicAtAPromptRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "panics")
	build := exec.Command("go", "build", "-tags", "grpcnotrace", "-o", program, "./cmd/panics")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range []string{"main", "goroutine", "timer", "goroutine trace"} {
		control, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer control.Close()
		defer tty.Close()
		before, err := term.GetState(int(tty.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, strings.Fields(args)...)
		var stderr bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, &stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		shown := &harness.Output{Screen: &harness.Screen{}}
		go func() { _, _ = io.Copy(shown, control) }()
		harness.WaitUntil(t, "a prompt", func() bool { return strings.Contains(shown.String(), "Password: ") })
		harness.WaitUntil(t, "a terminal without echo", func() bool {
			during, err := term.GetState(int(tty.Fd()))
			return err == nil && *during != *before
		})
		if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		if end := harness.Ending(cmd.Wait()); end != "status 70" {
			t.Errorf("%s: it ends with %s", args, end)
		}
		if after, err := term.GetState(int(tty.Fd())); err != nil || *after != *before {
			t.Errorf("%s: the terminal is not as it was before the prompt (%v)", args, err)
		}
		first, rest, _ := strings.Cut(stderr.String(), "\n")
		if !strings.HasPrefix(first, "Error: this is a defect of the program: index out of range [") {
			t.Errorf("%s: it says %q", args, first)
		}
		if traced := strings.Contains(args, "trace"); traced != (rest != "") {
			t.Errorf("%s: behind the first line it says %q", args, rest)
		}
	}
}
