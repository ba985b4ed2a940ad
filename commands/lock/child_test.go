package lock

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// startShell starts a command, which is killed at the end of the test at the
// latest.
func startShell(t *testing.T, grace time.Duration, script string) *child {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals")
	}
	c, err := start(&iostreams.Streams{}, []string{"sh", "-c", script}, []string{"PATH=/usr/bin:/bin"}, grace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.process.Kill() })
	return c
}

// waitEnded waits until the end of a command can be received.
func waitEnded(t *testing.T, c *child) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(c.ended) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the command does not end")
		}
	}
}

// attendLost has a claim whose lock is lost attend to a command, and returns what
// it says.
func attendLost(t *testing.T, running *child) string {
	t.Helper()
	run := clitest.New("")
	held, lose := context.WithCancelCause(t.Context())
	c := &claim{f: run.Factory, what: "the lock"}
	lose(&lostError{c.what, errors.New("its key was deleted")})
	if err := c.attend(held, running, nil); exit.CodeOf(err) != exit.Interrupted {
		t.Fatalf("a lost lock ends with %v, want status %d", err, exit.Interrupted)
	}
	return run.Err.String()
}

// The loss, the kill and the end of a command can all be known when the program
// next runs. It says that it killed the command, once, in whatever order it
// takes notice.
func TestAKilledCommandIsSaidToBeKilled(t *testing.T) {
	for range 30 {
		running := startShell(t, 0, "exec sleep 60")
		running.end()
		waitEnded(t, running)
		if got := attendLost(t, running); strings.Count(got, "the command did not end within 0s: it was killed\n") != 1 {
			t.Fatalf("it says %q, want once that the command was killed", got)
		}
	}
}

// A command that ended by itself at the end of its grace was not killed.
func TestACommandThatEndedItselfIsNotSaidToBeKilled(t *testing.T) {
	for range 30 {
		running := startShell(t, time.Hour, "exit 3")
		running.deadline = time.Now()
		waitEnded(t, running)
		close(running.killed)
		if got := attendLost(t, running); strings.Contains(got, "killed") {
			t.Fatalf("it says %q of a command that ended with status 3", got)
		}
	}
}
