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
	return startOnScreen(t, home, prompt, append(variables, "ETCDCTL_ENDPOINTS="+endpoint), append(args, "shell")...)
}

// startOnScreen starts a command line of ectl that opens a shell, and waits for the prompt.
func startOnScreen(t *testing.T, home, prompt string, variables []string, args ...string) *shell {
	t.Helper()
	cmd := exec.Command(harness.Ectl(), args...)
	cmd.Env, cmd.Dir = append(harness.Env(home, "TERM=xterm-256color"), variables...), home
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

func TestTheHistoryIsKeptOnlyWhileItIsOn(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	s.do("put first v")
	s.do(`\history off`)
	s.do("put hidden v")
	if got := s.do(`\history maybe`); got != `Error: \history: want on or off` {
		t.Errorf("a wrong word prints %q", got)
	}
	s.Type("\x1b[A")
	s.Until("the line before", func() bool {
		return strings.HasSuffix(s.Row(), `> \history off`) || strings.HasSuffix(s.Row(), "> put first v")
	})
	s.Type("\x15")
	s.do(`\history on`)
	s.do("put last v")
	s.Type("exit\r")
	s.End()
	got := harness.MustRead(t, filepath.Join(c.Home, ".local", "state", "ectl", "history"))
	if !strings.HasPrefix(got, "put first v\n") || !strings.HasSuffix(got, "put last v\n") || strings.Contains(got, "hidden") {
		t.Errorf("the history is %q", got)
	}
}

// A line that is copied from the shell of the system works, too.
func TestALineMayBeginWithTheProgram(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	if got := s.do("ectl put k v"); got != "OK" {
		t.Errorf("a line with the program's name prints %q", got)
	}
	if got := s.do("etcdctl get k --print-value-only | tr v w"); got != "w" {
		t.Errorf("a line with the name etcdctl prints %q", got)
	}
	s.typed("ectl mem\t", "ectl member")
	s.Until("the hint", func() bool { return strings.Contains(s.Text(), "\nmember: ") })
	if s.IsRed("ectl") {
		t.Error("the program's name is marked as unknown")
	}
	s.Type("\x15ectl\r") // beside its suggestion
	s.MustHave(`unknown command "ectl"`)
}

// With --env, a variable is one word. What a pipe does with its dollars stays as it is.
func TestVariablesOfTheEnvironmentInTheShell(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	variables := []string{"ETCDCTL_ENDPOINTS=" + c.Endpoint(), "NAME=two words", `ODD='"\$x*`, "EMPTY="}
	prompt := address(c.Endpoint()) + "!>"
	s := startOnScreen(t, c.Home, prompt, variables, "shell", "--env")
	for _, test := range []struct{ value, want string }{
		{"$NAME", "two words"}, {`"${NAME}x"`, "two wordsx"}, {`'$NAME'`, "$NAME"}, {`\$NAME`, "$NAME"}, {"$ODD", `'"\$x*`},
		{`a"$EMPTY"b`, "ab"}, {"$NAME | awk '{print $1}'", "OK"},
	} {
		s.do("put k " + test.value)
		if got := s.do("get k --print-value-only"); got != test.want && !strings.Contains(test.value, "|") {
			t.Errorf("put k %s writes %q, want %q", test.value, got, test.want)
		}
	}
	if got := s.do("get k --print-value-only | awk '{print $2}'"); got != "words" {
		t.Errorf("the pipe prints %q", got)
	}
	if got := s.do("put k $NONE"); got != "Error: the variable NONE is not set: set it, or quote the dollar" {
		t.Errorf("an unset variable prints %q", got)
	}
	if got := s.do("put k $(date)"); !strings.Contains(got, "is not supported") {
		t.Errorf("a substitution prints %q", got)
	}
	without := startOnScreen(t, c.Home, prompt, variables, "shell")
	without.do("put plain $NAME")
	if got := without.do("get plain"); got != "plain\n$NAME" {
		t.Errorf("without --env, put writes %q", got)
	}
}

func TestAScriptRunsInTheShell(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	proxy := harness.NewRPCProxy(t, c.Endpoint())
	s := openShell(t, c.Home, proxy.URL(), "root@"+proxy.Address+">", nil, "--user", "root:rootpw")
	for name, text := range map[string]string{
		"good":  "role add ops\nput k 'a b'\nget k\nuser add bob:pw\nuser delete bob\n",
		"wrong": "put k v\nrole add ops\nput after v\n",
		"shell": "shell\n",
		"long":  "put k begun\nwatch k --rev 1\nput after v\n",
	} {
		if err := os.WriteFile(filepath.Join(c.Home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.do("run good"); !strings.HasPrefix(got, "Role ops created\nOK\nk\na b\nUser bob created\nUser bob deleted\n") {
		t.Errorf("run prints %q", got)
	}
	if got := s.do("run wrong"); !strings.HasPrefix(got, "OK\nError: wrong:2: role add ops: etcdserver: role name already exists") || !strings.HasSuffix(s.Row(), " [1]>") {
		t.Errorf("run prints %q, then %q", got, s.Row())
	}
	logins := 0
	for _, request := range proxy.Requests() {
		if request == "Authenticate" {
			logins++
		}
	}
	if logins != 1 {
		t.Errorf("the shell and its scripts log in %d times, want once", logins)
	}
	if got := s.do("run shell"); !strings.Contains(got, "a shell cannot run a shell") {
		t.Errorf("a script with a shell prints %q", got)
	}
	s.Type("run long\r")
	s.MustHave("begun")
	s.Type("\x03")
	s.Until("a prompt", s.atPrompt)
	if got := s.do("get after"); got != "" {
		t.Errorf("after Ctrl-C, the script goes on: %q", got)
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
	s.Type("get some words")
	s.Until("the line", func() bool { return strings.HasSuffix(s.Row(), "> get some words") })
	s.Type("\x03put k after\r")
	s.MustHave("OK")
	if got := s.do("get k --print-value-only"); got != "after" {
		t.Errorf("a line that follows Ctrl-C at once writes %q", got)
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
		s.Type(line)
		s.Until("the line "+line, func() bool { return strings.HasSuffix(s.Row(), line) })
		// Only now the shell reads the keys. While a command runs, Ctrl-C would end it.
		s.Type("\r")
		if strings.Contains(line, "'open") {
			s.Type("\x03")
		}
		s.Until("a prompt", s.atPrompt)
	}
	s.do("role list")
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
