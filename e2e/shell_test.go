package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// shell is a shell on a screen.
type shell struct {
	*harness.Screen
	prompt string // without the blank at its end
	home   string
}

// openShell starts a shell at endpoint on a screen, with variables of the environment
// and arguments. It waits for the prompt, which contains the text prompt.
func openShell(t *testing.T, home, endpoint, prompt string, variables []string, args ...string) *shell {
	t.Helper()
	cmd := exec.Command(harness.Ectl(), append(args, "shell")...)
	cmd.Env = append(harness.Env(home, "ETCDCTL_ENDPOINTS="+endpoint, "TERM=xterm-256color"), variables...)
	cmd.Dir = home
	s := &shell{Screen: harness.StartOnScreen(t, 40, 120, cmd), prompt: prompt, home: home}
	s.MustHaveRow(prompt)
	return s
}

// address returns an endpoint as the prompt shows it.
func address(endpoint string) string {
	_, host, _ := strings.Cut(endpoint, "://")
	return host
}

// do types a line, and waits until the prompt is back. It returns what the screen shows
// below the line.
func (s *shell) do(line string) string {
	s.Type("clear-nothing\x15" + line) // Ctrl-U clears the line
	s.Until("the line "+line, func() bool { return strings.HasSuffix(s.Row(), line) })
	s.Type("\r")
	var below string
	s.Until("a prompt after "+line, func() bool {
		text := s.Text()
		at := strings.LastIndex(text, "> "+line+"\n")
		last := text[strings.LastIndexByte(text, '\n')+1:]
		if at < 0 || !s.isPrompt(last) {
			return false
		}
		_, below, _ = strings.Cut(text[at:], "\n")
		below = strings.TrimSuffix(strings.TrimSuffix(below, last), "\n")
		return true
	})
	return below
}

// atPrompt reports whether the cursor is behind a prompt.
func (s *shell) atPrompt() bool { return s.isPrompt(s.Row()) }

// isPrompt reports whether a row is a prompt, which may have a status.
func (s *shell) isPrompt(row string) bool {
	status, found := strings.CutPrefix(row, strings.TrimSuffix(s.prompt, ">"))
	return found && (status == ">" || strings.HasPrefix(status, " [") && strings.HasSuffix(status, "]>"))
}

func TestAShellRunsCommandsOverOneLogin(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	proxy := harness.NewRPCProxy(t, c.Endpoint())
	s := openShell(t, c.Home, proxy.URL(), "root@"+proxy.Address+">", nil, "--user", "root:rootpw")
	s.MustHave("etcd 3.7.3, 1 member, user root")
	for _, line := range []string{"put k 'a b'", "get k", "user list", "role list -w json", "help user list", "get k --keys-only"} {
		s.do(line)
	}
	s.Type("exit\r")
	if got := s.End(); got != "status 0" {
		t.Errorf("the shell ends with %s", got)
	}
	logins := 0
	for _, request := range proxy.Requests() {
		if request == "Authenticate" {
			logins++
		}
	}
	if logins != 1 {
		t.Errorf("the shell logs in %d times, want once", logins)
	}
}

func TestAShellPrintsWhatCommandsPrintOutside(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	for _, line := range []string{"put k v", "get k", "get k -w table", "role list", "get none", "lease list", "role add", "help put"} {
		inside := s.do(line)
		outside := harness.StartOnScreen(t, 40, 120, shellCommand(c, strings.Fields(line)...))
		outside.End()
		if got := outside.Text(); !strings.HasSuffix(got, inside) || inside == "" && got != "" {
			t.Errorf("%s prints in the shell\n%s\nand outside\n%s", line, inside, got)
		}
	}
}

// shellCommand returns a command line outside a shell, on the same terminal.
func shellCommand(c *harness.Cluster, args ...string) *exec.Cmd {
	cmd := exec.Command(harness.Ectl(), args...)
	cmd.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint(), "TERM=xterm-256color")
	cmd.Dir = c.Home
	return cmd
}

func TestCtrlCEndsTheCommandAndNotTheShell(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "put", "k", "v")
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	for _, test := range []struct{ line, running string }{
		{"watch k --rev 1", "PUT"}, {"put k", ""}, {"user add bob", "Password of bob:"}, {"lock l", "l/"},
	} {
		s.Type(test.line + "\r")
		s.MustHave(test.running)
		s.Until("the command "+test.line, func() bool { return !strings.Contains(s.Row(), s.prompt) })
		s.Type("\x03")
		s.Until("a prompt", s.atPrompt)
	}
	s.Type("get some words")
	s.MustHave("get some words")
	s.Type("\x03")
	s.Until("a prompt", s.atPrompt)
	// The keys after Ctrl-C are not taken by the read that it has ended.
	if got := s.do("role list"); got != "none" {
		t.Errorf("after Ctrl-C the shell prints %q", got)
	}
	s.Signal(syscall.SIGINT)
	if got := s.do("user list"); got != "none" {
		t.Errorf("after SIGINT the shell prints %q", got)
	}
	s.Type("\x04")
	if got := s.End(); got != "status 0" {
		t.Errorf("Ctrl-D ends the shell with %s", got)
	}
}

func TestTheHistoryHoldsNoSecret(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	const canary = "c4n4ry"
	for _, line := range []string{
		"user add bob:" + canary, "user add eve --new-user-password " + canary, "user add " + canary + "1:" + canary,
		"get k --user root:" + canary, "get k --user root --password " + canary, "get k --user=root:" + canary,
		"ETCDCTL_PASSWORD=" + canary + " get k", "user 'add' tom:" + canary + " 'open", "get k --password=" + canary,
	} {
		s.Type(line + "\r")
		if strings.Contains(line, "'open") {
			s.Type("\x03")
		}
		s.Until("a prompt", s.atPrompt)
	}
	s.Type("role list\r")
	s.MustHaveRow(s.prompt)
	s.Type("exit\r")
	s.End()
	file := filepath.Join(c.Home, ".local", "state", "ectl", "history")
	if got := harness.MustRead(t, file); got != "role list\n" {
		t.Errorf("the history is %q", got)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the history has the mode %v (%v)", info.Mode(), err)
	}
}
