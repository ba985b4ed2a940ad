package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// typed types keys, and waits until the row of the cursor ends with row.
func (s *shell) typed(keys, row string) {
	s.Type(keys)
	s.Until("the row "+row, func() bool { return strings.HasSuffix(s.Row(), "> "+row) })
}

func TestTheShellHelpsWhileALineIsTyped(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	for _, name := range []string{"alice", "albert", "bob"} {
		c.MustRunAt(c.Endpoint(), "user", "add", name, "--no-password")
	}
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	s.typed("user", "user")
	s.MustHave("user: add, ")
	s.typed(" get al", "user get al")
	s.MustHave("user get NAME [flags] - ")
	s.typed("\t", "user get al") // common to both
	s.MustHave("  albert\n  alice")
	s.typed("\t", "user get albert")
	s.typed("\t", "user get alice")
	s.typed("\x1b[Z", "user get albert")
	s.Type("\r")
	s.MustHave("User: albert")
	s.Until("a prompt", s.atPrompt)

	// Options with descriptions, and an argument that one candidate completes.
	s.typed("user get bo\t", "user get bob")
	s.typed("--deta\t", "user get bob --detail")
	s.Type("\x15")
	s.MustHaveRow(s.prompt)

	// Colours: what is known, and what is not.
	s.typed("user frob --nonsense", "user frob --nonsense")
	s.Until("colours", func() bool {
		return s.HasColour("frob") && s.HasColour("--nonsense") && !s.HasColour("user")
	})
	s.typed("\x15role ad", "role ad")
	s.Until("no mark, as it may become a command", func() bool { return !s.HasColour("ad") })
	s.Type("\x15")

	// The history: a grey suggestion, and a search.
	s.Type("user get alb")
	s.Until("a suggestion", func() bool { return strings.HasSuffix(s.Row(), "user get albert") && s.IsFaint("ert") })
	s.Type("\x1b[C")
	s.Until("the suggestion as text", func() bool { return !s.IsFaint("ert") })
	s.Type("\x15")
	s.do("role list")
	s.Type("\x12ALB\b\b\balb")
	s.MustHave("history with this text")
	s.MustHave("\n  user get albert")
	s.Type("\r")
	s.Until("the line that was found, again", func() bool { return strings.Count(s.Text(), "User: albert") == 2 && s.atPrompt() })
	s.typed("\x1b[A", "user get albert")
}

func TestTabDoesNotBlockTyping(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "user", "add", "alice", "--no-password")
	proxy := harness.NewRPCProxy(t, c.Endpoint())
	release := make(chan struct{})
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if rpc.Method == "UserList" {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return rpc.Forward(ctx)
	}
	s := openShell(t, c.Home, proxy.URL(), proxy.Address+"!>", nil)
	s.Type("user get al\tic")
	s.Until("what was typed after Tab", func() bool { return strings.HasSuffix(s.Row(), "user get alic") })
	close(release)
	s.Type("\x15")
	s.MustHaveRow(s.prompt)
	harness.Retry(t, func() string { // a completion has 300 ms
		s.Type("\x15user get al\t")
		s.Until("the line", func() bool { return strings.Contains(s.Row(), "user get al") })
		for range 100 {
			if strings.HasSuffix(s.Row(), "user get alice") {
				return ""
			}
		}
		return "Tab does not complete: " + s.Row()
	})
	before := len(proxy.Requests())
	s.typed("\x15user get al\t", "user get alice")
	if after := proxy.Requests(); len(after) > before {
		t.Errorf("what was looked up is asked again: %v", after[before:])
	}
}

func TestLinesThatAreTypedAtSpeedLoseNoCharacter(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	const count = 500
	var all strings.Builder
	for i := range count {
		fmt.Fprintf(&all, "put key-%d 'the välue of %d, which is 名 %s'\r", i, i, strings.Repeat("x", i%60))
	}
	go s.Type(all.String() + "put ready v\r")
	harness.WaitUntil(t, "the last line", func() bool { return c.MustRunAt(c.Endpoint(), "get", "ready") != "" })
	lines := strings.Split(strings.TrimSpace(c.MustRunAt(c.Endpoint(), "get", "key-", "--prefix", "--order", "ASCEND", "--sort-by", "CREATE")), "\n")
	if len(lines) != 2*count {
		t.Fatalf("%d keys were written, want %d", len(lines)/2, count)
	}
	for i := range count {
		if want := fmt.Sprintf("the välue of %d, which is 名 %s", i, strings.Repeat("x", i%60)); lines[2*i] != fmt.Sprintf("key-%d", i) || lines[2*i+1] != want {
			t.Errorf("line %d writes %q to %q", i, lines[2*i+1], lines[2*i])
		}
	}
}

func TestAPlainTerminalStillHasAShell(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	for _, variable := range []string{"NO_COLOR=1", "TERM=dumb"} {
		s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", []string{variable})
		s.Type("put k 'a\rb'\r")
		s.MustHave("OK")
		s.Type("get k\r")
		s.MustHave("k\na\nb")
		s.Type("get \x03")
		s.MustHaveRow(s.prompt)
		s.Type("watch k\r\x03")
		s.MustHaveRow(s.prompt)
		if strings.Contains(s.String(), "\x1b[") {
			t.Errorf("%s: there are escape sequences: %q", variable, s)
		}
		s.Type("\x04")
		if got := s.End(); got != "status 0" {
			t.Errorf("%s: Ctrl-D ends the shell with %s", variable, got)
		}
	}
}

func TestTheShellFollowsItsTerminal(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	// SIGWINCH while a line is typed.
	s.typed("get some", "get some")
	if err := pty.Setsize(s.TTY, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	s.Signal(syscall.SIGWINCH)
	s.typed(" key", "get some key")
	s.Type("\x15")
	// SIGTSTP and SIGCONT. Another program may have changed the mode meanwhile.
	s.Signal(syscall.SIGSTOP)
	s.Signal(syscall.SIGCONT)
	if got := s.do("put k v"); got != "OK" {
		t.Errorf("after SIGCONT, put prints %q", got)
	}
	s.Signal(syscall.SIGHUP)
	if got := s.End(); got != "signal hangup" {
		t.Errorf("SIGHUP ends the shell with %s", got)
	}
}

func TestAHistoryThatLeadsToADeviceIsNotWritten(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	file := filepath.Join(c.Home, ".local", "state", "ectl", "history")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", file); err != nil {
		t.Fatal(err)
	}
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	s.MustHave("the history is kept only until the shell ends")
	if got := s.do("put k v"); got != "OK" {
		t.Errorf("put prints %q", got)
	}
	s.typed("\x1b[A", "put k v")
}

// A limit for the size of files stands for a full disk: no write to a file succeeds.
func TestAFullDiskCostsOnlyTheHistory(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	cmd := exec.Command("sh", "-c", `ulimit -f 0; exec "$0" shell`, harness.Ectl())
	cmd.Env, cmd.Dir = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint(), "TERM=xterm-256color"), c.Home
	s := &shell{Screen: harness.StartOnScreen(t, 40, 120, cmd), prompt: address(c.Endpoint()) + "!>", home: c.Home}
	s.MustHaveRow(s.prompt)
	if got := s.do("put k v"); !strings.HasSuffix(got, "OK") {
		t.Errorf("put prints %q", got)
	}
	if got := s.do("get k"); !strings.HasSuffix(got, "k\nv") {
		t.Errorf("get prints %q", got)
	}
	if warnings := strings.Count(s.Text(), "Warning: the history"); warnings != 1 {
		t.Errorf("there are %d warnings of the history, want once:\n%s", warnings, s.Text())
	}
	s.typed("\x1b[A\x1b[A", "put k v") // the lines of this session stay
}
