package e2e

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

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
		terminal := harness.NewTerminal(t, 24, 80)
		before := terminal.State()
		cmd := exec.Command(program, strings.Fields(args)...)
		var stderr bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal.TTY, terminal.TTY, &stderr
		terminal.Start(cmd)
		terminal.MustShow("Password: ", 0)
		harness.WaitUntil(t, "a terminal without echo", func() bool { return terminal.State() != before })
		terminal.Signal(syscall.SIGUSR1)
		if end := terminal.End(); end != "status 70" {
			t.Errorf("%s: it ends with %s", args, end)
		}
		if terminal.State() != before {
			t.Errorf("%s: the terminal is not as it was before the prompt", args)
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
