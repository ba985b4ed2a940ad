package lock

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/supervise"
)

// startShell starts a command, which is killed at the end of the test at the
// latest.
func startShell(t *testing.T, grace time.Duration, script string) *supervise.Child {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals")
	}
	c, err := supervise.Start(exec.Command("sh", "-c", script), grace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Terminate)
	return c
}

// waitEnded waits until the end of a command can be received.
func waitEnded(t *testing.T, c *supervise.Child) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(c.Ended) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the command does not end")
		}
	}
}

// attendLost has a candidate whose lock is lost attend to a command, and returns what
// it says.
func attendLost(t *testing.T, running *supervise.Child) string {
	t.Helper()
	var said strings.Builder
	held, lose := context.WithCancelCause(t.Context())
	c := New(Config{What: "the lock", Say: func(sentence string) { said.WriteString(sentence + "\n") }})
	lose(&lostError{c.What, errors.New("its key was deleted")})
	if err := c.attend(held, running, nil); exit.CodeOf(err) != exit.Cancelled {
		t.Fatalf("a lost lock ends with %v, want status %d", err, exit.Cancelled)
	}
	return said.String()
}

// The loss, the kill and the end of a command can all be known when the program
// next runs. It says that it killed the command, once, in whatever order it
// takes notice.
func TestAKilledCommandIsSaidToBeKilled(t *testing.T) {
	for range 30 {
		running := startShell(t, 0, "exec sleep 60")
		running.Terminate()
		waitEnded(t, running)
		if got := attendLost(t, running); strings.Count(got, "the command did not end within 0s: it was killed\n") != 1 {
			t.Fatalf("it says %q, want once that the command was killed", got)
		}
	}
}

// A command that ended by itself at the end of its grace was not killed.
func TestACommandThatEndedItselfIsNotSaidToBeKilled(t *testing.T) {
	for range 30 {
		running := startShell(t, 0, "exit 3")
		waitEnded(t, running)
		running.Terminate()
		<-running.Killed
		if got := attendLost(t, running); strings.Contains(got, "killed") {
			t.Fatalf("it says %q of a command that ended with status 3", got)
		}
	}
}
