package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A change of the user's password ends its tokens.
func TestAShellRenewsItsLogin(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	root := []string{"--user", "root:rootpw"}
	run := func(args ...string) { c.MustRunAt(c.Endpoint(), append(root, args...)...) }
	run("user", "add", "alice:alicepw")
	run("role", "add", "app")
	run("role", "grant-permission", "app", "readwrite", "k")
	run("user", "grant-role", "alice", "app")
	s := openShell(t, c.Home, c.Endpoint(), "alice@"+address(c.Endpoint())+">", nil, "--user", "alice:alicepw")
	s.do("put k v")
	run("role", "add", "other") // the token is of an old auth revision now
	if got := s.do("get k"); got != "k\nv" {
		t.Errorf("with an old token, get prints %q", got)
	}
	run("user", "delete", "alice")
	if got := s.do("get k"); !strings.Contains(got, "Error: ") {
		t.Errorf("after the user was deleted, get prints %q", got)
	}
	if got := s.do("version"); !strings.Contains(got, "ectl version") {
		t.Errorf("the shell goes on with %q", got)
	}
}

func TestAShellOutlivesAMember(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{Members: 3})
	s := openShell(t, c.Home, strings.Join(c.Endpoints(), ","), address(c.Endpoints()[0])+"+2!>", nil)
	s.do("put k v")
	c.Members[0].Kill()
	harness.Retry(t, func() string {
		if got := s.do("get k"); got != "k\nv" {
			return "get prints " + got
		}
		return ""
	})
}

// While there is no leader, no request is answered. A read is repeated until there is one.
func TestTheLeaderIsLostInTheShell(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{Members: 3, RootPassword: "rootpw"})
	s := openShell(t, c.Home, strings.Join(c.Endpoints(), ","), "root@"+address(c.Endpoints()[0])+"+2>", nil,
		"--user", "root:rootpw", "--command-timeout", "1m")
	s.do("put k v")
	leaderAs(t.Context(), t, c.Server, "root", "rootpw").Kill()
	for _, test := range []struct{ line, want string }{
		{"get k", "k\nv"}, {"user list", "root"}, {"put k w", "OK"}, {"role add ops", "Role ops created"}, {"get k", "k\nw"},
	} {
		if got := s.do(test.line); got != test.want {
			t.Errorf("after the loss of the leader, %s prints %q", test.line, got)
		}
	}
}

func TestTheLeaderIsLostInAScript(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{Members: 3, RootPassword: "rootpw"})
	leader := leaderAs(t.Context(), t, c.Server, "root", "rootpw")
	file := writeScript(t, "put a 1", "get a --print-value-only", fmt.Sprintf("lock l -- kill -KILL %d", leader.PID()),
		"get a --print-value-only", "user list", "put b 2", "role add ops", "get b --print-value-only")
	r := c.RunAt(strings.Join(c.Endpoints(), ","), "--user", "root:rootpw", "--command-timeout", "1m", "run", file)
	if r.Status != "0" || r.Stdout != "OK\n1\n1\nroot\nOK\nRole ops created\n2\n" {
		t.Errorf("run ends with %s, prints %q and %s", r.Status, r.Stdout, r.Stderr)
	}
}

// Ctrl-Z stops the shell or its command as a job of the outer shell, which has its
// terminal back. After fg, the line and the command are as before.
func TestTheShellIsAJobOfTheOuterShell(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	cmd := exec.Command("bash", "--norc", "--noprofile", "-i")
	cmd.Env, cmd.Dir = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint(), "TERM=xterm-256color", "PS1=outer$ ", "ECTL="+harness.Ectl()), c.Home
	s := &shell{Screen: harness.StartOnScreen(t, 40, 120, cmd), prompt: address(c.Endpoint()) + "!>", home: c.Home}
	outer := func(typed, shown string) {
		t.Helper()
		s.Type(typed)
		s.Until(shown, func() bool {
			_, below, found := strings.Cut(s.Text(), shown)
			return found && strings.HasSuffix(below, "\nouter$")
		})
	}
	s.MustHaveRow("outer$")
	s.Type("$ECTL shell\r")
	s.MustHaveRow(s.prompt)
	s.typed("get some", "get some")
	outer("\x1a", "Stopped")
	outer("stty -a | grep -ow -- '-*icanon'; echo out-$((40+2))\r", "\nicanon\nout-42")
	s.Type("clear; fg\r")
	s.Until("the line again", func() bool { return s.Row() == s.prompt+" get some" })
	// The keys after "bg" are meant for the outer shell. They do not delay the line.
	for round := range 3 {
		outer("\x1a", "Stopped")
		shown := fmt.Sprintf("round-%d", 40+round)
		outer(fmt.Sprintf("clear; bg\rwhile jobs -r | grep -q .; do sleep 0.1; done; echo round-$((40+%d))\r", round), shown)
		s.Type("clear; fg\r")
		s.Until("the line again", func() bool { return s.Row() == s.prompt+" get some" })
	}
	s.typed(" key", "get some key")
	s.Type("\x15")
	s.do("put k v")

	// A command is stopped by the terminal, which has no raw mode then.
	s.Type("watch k\r")
	s.Until("the watch", func() bool { return strings.HasSuffix(s.Text(), "watch k") })
	harness.WaitUntil(t, "an event", func() bool {
		c.MustRunAt(c.Endpoint(), "put", "k", "first")
		return strings.Contains(s.Text(), "first")
	})
	outer("\x1a", "Stopped")
	outer("clear; echo again-$((40+2))\r", "again-42")
	c.MustRunAt(c.Endpoint(), "put", "k", "meanwhile")
	s.Type("fg\r")
	s.MustHave("meanwhile")
	s.Type("\x03")
	s.Until("a prompt", s.atPrompt)

	// In the background, the shell must not touch the terminal.
	outer("\x1a", "Stopped")
	outer("clear; bg; while jobs -r | grep -q .; do sleep 0.1; done; echo third-$((40+2))\r", "third-42")
	s.Type("clear; fg\r")
	s.MustHaveRow(s.prompt)
	if got := s.do("get k --print-value-only"); got != "meanwhile" {
		t.Errorf("in the foreground again, get prints %q", got)
	}
	s.Type("exit\r")
	s.MustHaveRow("outer$")
	s.Type("exit $?\r")
	if got := s.End(); got != "status 0" {
		t.Errorf("the shell ends with %s", got)
	}
}
