package supervise

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var errEnough = errors.New("enough")

// ends is a context that ends once the file at path has a line.
func ends(t *testing.T, path string) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for {
			if content, _ := os.ReadFile(path); strings.HasSuffix(string(content), "\n") {
				cancel(errEnough)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return ctx
}

// processIn returns the process whose ID is in the file at path, and whether it
// runs.
func processIn(t *testing.T, path string) (process *os.Process, runs bool) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	process, _ = os.FindProcess(pid)
	stat, there := readStat(strconv.Itoa(pid))
	return process, there && !stat.ended
}

func shell(script string) *exec.Cmd { return exec.Command("sh", "-c", script) }

func TestTheFirstLineIsKnownWhenTheCommandHasEnded(t *testing.T) {
	for script, want := range map[string]string{
		"echo one; echo two":           "one\n",
		"printf one":                   "one",
		"true":                         "",
		"echo; echo two":               "\n",
		"(sleep 0.05; echo late) &":    "late\n", // printed by what the command has left behind
		"printf o; sleep 0.05; echo k": "ok\n",
	} {
		t.Run(script, func(t *testing.T) {
			if line, err := FirstLine(t.Context(), shell(script), 1000); line != want || err != nil {
				t.Errorf("%s: %q, %v, want %q", script, line, err, want)
			}
		})
	}
	failed := &exec.ExitError{}
	if line, err := FirstLine(t.Context(), shell("echo one; exit 7"), 1000); !errors.As(err, &failed) || failed.ExitCode() != 7 {
		t.Errorf("a command that fails: %q, %v", line, err)
	}
	if _, err := FirstLine(t.Context(), exec.Command("/no/such/command"), 1000); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no command: %v", err)
	}
	if _, err := FirstLine(t.Context(), exec.Command("yes"), 1<<16); !errors.Is(err, ErrTooLong) {
		t.Errorf("a command that prints without end: %v, want %v", err, ErrTooLong)
	}
}

func TestWhatKeepsTheOutputOpenIsNotWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	line, err := FirstLine(t.Context(), shell("sleep 1000 & echo $! >"+path+"; echo password"), 1000)
	if line != "password\n" || err != nil {
		t.Errorf("the line is %q (%v)", line, err)
	}
	left, runs := processIn(t, path)
	if !runs {
		t.Error("what the command has left behind was ended: it may be an agent")
	}
	_ = left.Kill()
	_, _ = left.Wait()
}

func TestACommandEndsWithItsContextAndLeavesNothingBehind(t *testing.T) {
	firstLine := func(ctx context.Context, cmd *exec.Cmd) error {
		_, err := FirstLine(ctx, cmd, 1000)
		return err
	}
	for name, run := range map[string]func(context.Context, *exec.Cmd) error{"Run": Run, "FirstLine": firstLine} {
		t.Run(name, func(t *testing.T) {
			for what, script := range map[string]string{
				"it waits":                       "echo $$ >PID; exec sleep 1000",
				"what it waits for":              "sleep 1000 & echo $! >PID; wait",
				"what it waits for, and ignores": "trap '' TERM; sleep 1000 & echo $! >PID; wait",
			} {
				path := filepath.Join(t.TempDir(), "pid")
				if err := run(ends(t, path), shell(strings.ReplaceAll(script, "PID", path))); !errors.Is(err, errEnough) {
					t.Errorf("%s, %s: %v, want the context's cause", name, what, err)
				}
				if left, runs := processIn(t, path); runs {
					t.Errorf("%s, %s: it runs on", name, what)
					_ = left.Kill()
				}
			}
		})
	}
	// The command has ended; what it has left behind keeps its output open.
	path := filepath.Join(t.TempDir(), "pid")
	if err := firstLine(ends(t, path), shell("sleep 1000 & echo $! >"+path)); !errors.Is(err, errEnough) {
		t.Errorf("after the command: %v, want the context's cause", err)
	}
	if left, runs := processIn(t, path); runs {
		t.Error("what keeps the output open runs on")
		_ = left.Signal(syscall.SIGKILL)
	}
}
