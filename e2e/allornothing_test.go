package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// on decides that a fault happens to the nth request of each of methods.
func on(decided harness.Fault, nth int, methods ...string) func(string, int) harness.Fault {
	return func(method string, n int) harness.Fault {
		for _, m := range methods {
			if m == method && n == nth {
				return decided
			}
		}
		return harness.Passes
	}
}

// A role with its permissions, a user with its roles: all or nothing, whatever
// happens in the middle, and where nothing is out of reach it is said what is
// left.
func TestCommandsOfSeveralChangesMakeAllOrNone(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	const (
		addRole = "role add new --key-prefix /a/ --read --write --key /b --read --command-timeout 5s"
		addUser = "user add new --no-password --roles old,older --command-timeout 5s"
		undone  = "; what had been changed before was changed back, nothing is left of it"
	)
	setUp := func() {
		for _, line := range []string{
			"user delete new --if-exists", "role delete new --if-exists", "user delete bob --if-exists", "role delete old --if-exists", "role delete older --if-exists",
			"role add old", "role add older", "user add bob --no-password", "user grant-role bob older",
			"role grant-permission old read /a/ --prefix", "role grant-permission old read /a/",
		} {
			c.MustRunAt(c.Endpoint(), strings.Fields(line)...)
		}
	}
	state := func() string {
		return c.MustRunAt(c.Endpoint(), "user", "list") + c.MustRunAt(c.Endpoint(), "role", "list") +
			c.MustRunAt(c.Endpoint(), "user", "get", "bob") + c.MustRunAt(c.Endpoint(), "role", "get", "old", "-w", "csv")
	}
	setUp()
	before := state()
	for _, test := range []struct {
		name   string
		line   string
		faults func(string, int) harness.Fault
		says   string // the error, from its beginning
		ends   string
		left   bool // something is
	}{
		{"the first grant is refused", addRole, on(harness.Denied, 1, "RoleGrantPermission"), "", "", false}, // once: it is tried again
		{"every grant is refused", addRole, func(m string, _ int) harness.Fault {
			if m == "RoleGrantPermission" {
				return harness.Denied
			}
			return harness.Passes
		}, "Error: etcdserver: permission denied; ", undone, false},
		{"the second grant never arrives", addRole, on(harness.RequestLost, 2, "RoleGrantPermission"), "Error: ", undone, false},
		{"the second grant's answer is lost", addRole, on(harness.AnswerLost, 2, "RoleGrantPermission"), "Error: ", undone, false},
		{"the second grant's answer never comes", addRole, on(harness.Unanswered, 2, "RoleGrantPermission"), "Error: context deadline exceeded: ", undone, false},
		{"the role's answer is lost", addRole, on(harness.AnswerLost, 1, "RoleAdd"), "Error: ", "the change may have been made: check before you repeat it", true},
		{"changing back fails", addRole, func(m string, n int) harness.Fault {
			if m == "RoleGrantPermission" && n == 2 || m == "RoleDelete" {
				return harness.RequestLost
			}
			return harness.Passes
		}, "Error: ", "the role new was added, the role new was granted readwrite on prefix /a/, perhaps the role new was granted read on key /b; to change it back: ectl role delete new", true},
		{"a role that exists", "role add old --if-not-exists --key-prefix /a/ --write --key /c --read", on(harness.RequestLost, 2, "RoleGrantPermission"), "Error: ", undone, false},
		{"a role that exists, and the answer is lost", "role add old --if-not-exists --key-prefix /a/ --write --key /c --read", on(harness.AnswerLost, 2, "RoleGrantPermission"), "Error: ", undone, false},
		{"a role that exists, and changing back fails", "role add old --if-not-exists --key-prefix /z/ --write --key /c --read", func(m string, n int) harness.Fault {
			if m == "RoleGrantPermission" && n == 2 || m == "RoleRevokePermission" {
				return harness.RequestLost
			}
			return harness.Passes
		}, "Error: ", "the role old was granted write on prefix /z/, perhaps the role old was granted read on key /c; to change it back: ectl role revoke-permission old /z/ --prefix; ectl role revoke-permission old /c", true},
		{"the second role never arrives", addUser, on(harness.RequestLost, 2, "UserGrantRole"), "Error: ", undone, false},
		{"the second role's answer is lost", addUser, on(harness.AnswerLost, 2, "UserGrantRole"), "Error: ", undone, false},
		{"a user that exists", "user add bob --no-password --if-not-exists --roles old,older", on(harness.AnswerLost, 1, "UserGrantRole"), "Error: ", undone, false},
		{"a role that does not exist", "user add new --no-password --roles old,odd", on(harness.Passes, 0), "Error: etcdserver: role name not found: odd (did you mean \"old\"?); nothing was changed; ", "", false},
	} {
		way := harness.NewFaultyProxy(t, c.Endpoint(), test.faults)
		r := c.RunAt(way.URL(), strings.Fields(test.line)...)
		if test.says == "" {
			if r.Status != "0" {
				t.Errorf("%s: %s ends with %s and says %s", test.name, test.line, r.Status, r.Stderr)
			}
			setUp()
			continue
		}
		said := strings.TrimSpace(r.Stderr)
		if r.Status != "1" || r.Stdout != "" || !strings.HasPrefix(said, test.says) || !strings.Contains(said, test.ends) || strings.Contains(said, "\n") {
			t.Errorf("%s: %s ends with %s, stdout %q, and says\n%s\nwant %s ... %s\nafter %v", test.name, test.line, r.Status, r.Stdout, said, test.says, test.ends, way.Requests())
		}
		if after := state(); (after != before) != test.left {
			t.Errorf("%s: %s leaves\n%s\nwhere there was\n%s\nit says %s", test.name, test.line, after, before, said)
		}
		if test.left {
			setUp()
		}
	}
}

// An interrupt in the middle undoes, too.
func TestAnInterruptedChangeIsUndone(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	reached := make(chan struct{})
	way := harness.NewFaultyProxy(t, c.Endpoint(), func(method string, n int) harness.Fault {
		if method == "RoleGrantPermission" && n == 2 {
			close(reached)
			return harness.Unanswered
		}
		return harness.Passes
	})
	cmd := exec.Command(harness.Ectl(), "role", "add", "new", "--key", "/a", "--key", "/b", "--read",
		"--user", "root:"+harness.RootPassword, "--command-timeout", "1m")
	cmd.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-reached:
	case <-time.After(harness.HangTimeout):
		t.Error("the second grant was never asked for")
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, want the signal", cmd.ProcessState)
	}
	if !strings.Contains(stderr.String(), "Interrupted: what had been changed before was changed back, nothing is left of it\n") {
		t.Errorf("it says %q", stderr.String())
	}
	if roles := c.MustRunAt(c.Endpoint(), "role", "list", "--user", "root:"+harness.RootPassword); roles != "root\n" {
		t.Errorf("the roles are %q", roles)
	}
}

// What was taken from a user who leaves is not given back when the rest fails.
func TestAnOffboardingThatFailsSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	for _, line := range []string{"role add a", "role add b", "user add bob --no-password --roles a,b"} {
		c.MustRunAt(c.Endpoint(), strings.Fields(line)...)
	}
	for _, test := range []struct {
		faults func(string, int) harness.Fault
		says   string
		roles  string
	}{
		{on(harness.RequestLost, 1, "UserRevokeRole"), "; the user bob is not deleted, and none of its roles is known to be revoked; run the command again", "Roles: a b"},
		{on(harness.RequestLost, 2, "UserRevokeRole"), "; the user bob is not deleted; revoked from it: a; run the command again", "Roles: b"},
		{on(harness.RequestLost, 1, "UserDelete"), "; the user bob is not deleted; revoked from it: b; run the command again", "Roles:"},
	} {
		r := c.RunAt(harness.NewFaultyProxy(t, c.Endpoint(), test.faults).URL(), "user", "offboard", "bob")
		if r.Status != "1" || r.Stdout != "" || !strings.HasSuffix(r.Stderr, test.says+"\n") {
			t.Errorf("it ends with %s and says\n%s\nwant %s", r.Status, r.Stderr, test.says)
		}
		if got := c.MustRunAt(c.Endpoint(), "user", "get", "bob"); got != "User: bob\n"+test.roles+"\n" {
			t.Errorf("it leaves\n%s\nwant %s", got, test.roles)
		}
	}
	c.MustRunAt(c.Endpoint(), "user", "offboard", "bob")
}

// A dry run that is refused midway has changed nothing, and says so.
func TestARefusedDryRunHasChangedNothing(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "role", "add", "old")
	way := harness.NewFaultyProxy(t, c.Endpoint(), on(harness.RequestLost, 1, "RoleGet"))
	r := c.RunAt(way.URL(), "user", "add", "new", "--no-password", "--roles", "old", "--dry-run")
	if r.Status != "1" || r.Stdout != "" || !strings.HasSuffix(r.Stderr, "; dry run: nothing was changed\n") || strings.Contains(r.Stderr, "changed back") {
		t.Errorf("status %s, stdout %q, stderr %q, after %v", r.Status, r.Stdout, r.Stderr, way.Requests())
	}
	if users := c.MustRunAt(c.Endpoint(), "user", "list"); users != "" {
		t.Errorf("the users are %q", users)
	}
}
