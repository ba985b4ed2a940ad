package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
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

// A table of users is imported all or not at all, or with --keep-going each user on its
// own. A user whose answer is lost may be another administrator's, so the error names it.
// The file of the passwords has those that may be in effect.
func TestAnImportMakesAllOrNone(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "role", "add", "app")
	passwords, table := filepath.Join(c.Home, "passwords.csv"), filepath.Join(c.Home, "t.csv")
	for _, test := range []struct {
		name, options string
		faults        func(string, int) harness.Fault
		says          []string // parts of standard error
		users         string   // added, with app or without
		passwords     string   // users with a password in the file
	}{
		{"the second user never arrives", "", on(harness.RequestLost, 2, "UserAdd"), []string{"Error: add user bob: ", "; what had been changed before was changed back, nothing is left of it; the user bob may have been added: check it with \"user get\"; generated passwords are in "}, "", "bob"},
		{"the second user's answer is lost", "", on(harness.AnswerLost, 2, "UserAdd"), []string{"; what had been changed before was changed back, nothing is left of it; the user bob may have been added: "}, "bob", "bob"},
		{"the first user's answer is lost", "", on(harness.AnswerLost, 1, "UserAdd"), []string{"the user alice may have been added: check it with \"user get\"; generated passwords are in "}, "alice", "alice"},
		{"the last grant is refused", "", always(harness.Denied, "UserGrantRole", 2), []string{"permission denied", "nothing is left of it"}, "", ""},
		{"the last grant's answer is lost", "", on(harness.AnswerLost, 2, "UserGrantRole"), []string{"nothing is left of it"}, "", ""},
		{"changing back fails", "", func(m string, n int) harness.Fault {
			if m == "UserAdd" && n == 3 || m == "UserDelete" {
				return harness.RequestLost
			}
			return harness.Passes
		}, []string{"this remains, because changing it back failed", "to change it back: ectl user delete alice; ", "ectl user delete bob; ", "; generated passwords are in "}, "alice+app bob+app", "alice bob carol"},
		{"one of them never arrives", "--keep-going", on(harness.RequestLost, 2, "UserAdd"), []string{"Error: t.csv:3: add user bob: ", "the user bob may have been added", "Error: 1 of 3 users failed: t.csv:3\n"}, "alice+app carol", "alice bob carol"},
		{"the grant of one of them is lost", "--keep-going", on(harness.RequestLost, 1, "UserGrantRole"), []string{"Error: t.csv:2: grant role app to user alice: ", "nothing is left of it", "Error: 1 of 3 users failed: t.csv:2\n"}, "bob+app carol", "bob carol"},
		{"the answer of one of them is lost", "-k", on(harness.AnswerLost, 2, "UserAdd"), []string{"the user bob may have been added: check it", "1 of 3 users failed: t.csv:3\n"}, "alice+app bob carol", "alice bob carol"},
		{"none of them arrives", "--keep-going", always(harness.Denied, "UserAdd", 1), []string{"3 of 3 users failed: t.csv:2, t.csv:3, t.csv:4\n"}, "", ""},
		{"no fault", "--keep-going", on(harness.Passes, 0), nil, "alice+app bob+app carol", "alice bob carol"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(table, []byte("name,roles\nalice,app\nbob,app\ncarol,\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			way := harness.NewFaultyProxy(t, c.Endpoint(), test.faults)
			r := c.RunAt(way.URL(), append([]string{"user", "import", "t.csv", "--passwords-out", "passwords.csv", "--command-timeout", "1m"}, words(test.options)...)...)
			if (r.Status == "0") != (test.says == nil) || test.says != nil && r.Status != "1" {
				t.Errorf("import ends with %s: %s", r.Status, r.Stderr)
			}
			for _, part := range test.says {
				if !strings.Contains(r.Stderr, part) {
					t.Errorf("import reports %q, want %q", r.Stderr, part)
				}
			}
			if got := usersWithApp(c); got != test.users {
				t.Errorf("it leaves %s, want %s", got, test.users)
			}
			if got := usersInFile(t, passwords); got != test.passwords {
				t.Errorf("the file has passwords of %q, want %q", got, test.passwords)
			}
			_ = os.Remove(passwords)
			for _, user := range []string{"alice", "bob", "carol"} {
				c.MustRunAt(c.Endpoint(), "user", "delete", user, "--if-exists")
			}
		})
	}
}

// A user that is deleted by another administrator after the check is not added again: it
// would have an empty password.
func TestAUserThatIsDeletedMeanwhileIsNotAdded(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "role", "add", "app")
	c.MustRunAt(c.Endpoint(), "user", "add", "bob:pw")
	way := harness.NewFaultyProxy(t, c.Endpoint(), func(method string, n int) harness.Fault {
		if method == "UserGet" && n == 2 || method == "UserAdd" {
			c.MustRunAt(c.Endpoint(), "user", "delete", "bob", "--if-exists")
		}
		return harness.Passes
	})
	r := c.RunAt(way.URL(), words("user add bob --generate-password --if-not-exists --roles app")...)
	if r.Status != "1" || r.Stdout != "" || !strings.HasPrefix(r.Stderr, "Error: etcdserver: user name not found") {
		t.Errorf("status %s, stdout %q, stderr %q, after %v", r.Status, r.Stdout, r.Stderr, way.Requests())
	}
	if users := c.MustRunAt(c.Endpoint(), "user", "list"); users != "" {
		t.Errorf("the users are %q", users)
	}
}

// usersWithApp returns the users. Those with the role app are marked. authentication are
// the options of root, if it is on.
func usersWithApp(c *harness.Cluster, authentication ...string) string {
	var all []string
	for _, user := range strings.Fields(c.MustRunAt(c.Endpoint(), append([]string{"user", "list"}, authentication...)...)) {
		if strings.Contains(c.MustRunAt(c.Endpoint(), append([]string{"user", "get", user}, authentication...)...), "Roles: app") {
			user += "+app"
		}
		all = append(all, user)
	}
	return strings.Join(all, " ")
}

// usersInFile returns the users in a file of generated passwords, which may be missing.
func usersInFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var names []string
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n")[1:] {
		name, _, _ := strings.Cut(line, ",")
		names = append(names, name)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the passwords have the mode %v, %v", info.Mode(), err)
	}
	return strings.Join(names, " ")
}

// If the answer to adding a user is lost, a login with the generated password proves that
// the user is ours, so it is deleted. Other users are not deleted: another administrator
// may have added them.
func TestALoginProvesWhoAddedAUser(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	root := []string{"--user", "root:" + harness.RootPassword}
	asRoot := func(line string) string { return c.MustRunAt(c.Endpoint(), append(strings.Fields(line), root...)...) }
	asRoot("role add app")
	passwords := filepath.Join(c.Home, "passwords.csv")
	if err := os.WriteFile(filepath.Join(c.Home, "bob.pw"), []byte("the same in each run\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const (
		all   = "user import t.csv --passwords-out passwords.csv"
		each  = all + " --keep-going"
		named = "the user bob may have been added: check it with \"user get\""
	)
	for _, test := range []struct {
		name, line string
		source     string // of bob's password
		fault      harness.Fault
		nth        int    // UserAdd
		meanwhile  string // what another administrator does before
		says       string // part of standard error
		users      string
		passwords  string // users with a password in the file
	}{
		{"the second user's answer is lost", all, "generate", harness.AnswerLost, 2, "", "what had been changed before was changed back, nothing is left of it\n", "root", ""},
		{"the first user's answer is lost", all, "generate", harness.AnswerLost, 1, "", "what had been changed before was changed back, nothing is left of it\n", "root", ""},
		{"one of them is lost", each, "generate", harness.AnswerLost, 2, "", "Error: 1 of 3 users failed: t.csv:3\n", "alice+app carol root", "alice carol"},
		{"a password that another run may have", all, "file:bob.pw", harness.AnswerLost, 2, "", named, "bob root", ""},
		{"a user without password", each, "none", harness.AnswerLost, 2, "", named, "alice+app bob carol root", "alice carol"},
		{"another administrator's user", all, "generate", harness.RequestLost, 2, "user add bob:theirs", named, "bob root", "bob"},
		{"a user with roles", "user add bob --generate-password --roles app", "", harness.AnswerLost, 1, "", "nothing is left of it; the printed password is not in effect\n", "root", ""},
		{"another administrator's user, with roles", "user add bob --generate-password --roles app", "", harness.RequestLost, 1, "user add bob:theirs", "; the printed password is not in effect\n", "bob root", ""},
		{"another administrator's user, alone", "user add bob --generate-password", "", harness.RequestLost, 1, "user add bob:theirs", "; the printed password is not in effect\n", "bob root", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := "name,roles,password\nalice,app,\nbob,app," + test.source + "\ncarol,,\n"
			if err := os.WriteFile(filepath.Join(c.Home, "t.csv"), []byte(table), 0o600); err != nil {
				t.Fatal(err)
			}
			way := harness.NewFaultyProxy(t, c.Endpoint(), func(method string, n int) harness.Fault {
				if method != "UserAdd" || n != test.nth {
					return harness.Passes
				}
				if test.meanwhile != "" {
					asRoot(test.meanwhile)
				}
				return test.fault
			})
			r := c.RunAt(way.URL(), append(append(strings.Fields(test.line), "--command-timeout", "1m"), root...)...)
			if r.Status != "1" || !strings.Contains(r.Stderr, test.says) || strings.Contains(r.Stderr, "may have been added") != (test.says == named) {
				t.Errorf("%s ends with %s: %s\nwant %q; after %v", test.line, r.Status, r.Stderr, test.says, way.Requests())
			}
			if got := usersWithApp(c, root...); got != test.users {
				t.Errorf("it leaves %s, want %s", got, test.users)
			}
			if got := usersInFile(t, passwords); got != test.passwords {
				t.Errorf("the file has passwords of %q, want %q", got, test.passwords)
			}
			if test.meanwhile != "" {
				c.MustRunAt(c.Endpoint(), "user", "get", "bob", "--user", "bob:theirs")
			}
			_ = os.Remove(passwords)
			for _, user := range []string{"alice", "bob", "carol"} {
				asRoot("user delete " + user + " --if-exists")
			}
		})
	}
}

// always decides that a fault happens to each request of a method, from the nth on.
func always(decided harness.Fault, method string, from int) func(string, int) harness.Fault {
	return func(m string, n int) harness.Fault {
		if m == method && n >= from {
			return decided
		}
		return harness.Passes
	}
}

// interruptedAt runs ectl until its nth request of a method, whose answer does not come,
// and interrupts it. It returns what ectl wrote on standard error.
func interruptedAt(t *testing.T, c *harness.Cluster, method string, nth int, args ...string) string {
	t.Helper()
	reached := make(chan struct{})
	way := harness.NewFaultyProxy(t, c.Endpoint(), func(m string, n int) harness.Fault {
		if m == method && n == nth {
			close(reached)
			return harness.Unanswered
		}
		return harness.Passes
	})
	cmd := exec.Command(harness.Ectl(), append(args, "--command-timeout", "1m")...)
	cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-reached:
	case <-time.After(harness.HangTimeout):
		t.Errorf("the %d. %s was never asked for", nth, method)
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, want the signal", cmd.ProcessState)
	}
	return stderr.String()
}

// An interrupt in the middle undoes, too.
func TestAnInterruptedChangeIsUndone(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	stderr := interruptedAt(t, c, "RoleGrantPermission", 2, "role", "add", "new", "--key", "/a", "--key", "/b", "--read",
		"--user", "root:"+harness.RootPassword)
	if !strings.Contains(stderr, "Interrupted: what had been changed before was changed back, nothing is left of it\n") {
		t.Errorf("it says %q", stderr)
	}
	if roles := c.MustRunAt(c.Endpoint(), "role", "list", "--user", "root:"+harness.RootPassword); roles != "root\n" {
		t.Errorf("the roles are %q", roles)
	}
}

// An interrupted import names the user that may have been added, and keeps its password.
func TestAnInterruptedImportNamesTheUserThatMayBeThere(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"", "--keep-going"} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCluster(t, etcdserver.Options{})
			if err := os.WriteFile(filepath.Join(c.Home, "t.csv"), []byte("name\nalice\nbob\ncarol\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			stderr := interruptedAt(t, c, "UserAdd", 2, words("user import t.csv --passwords-out passwords.csv "+options)...)
			kept := "bob"
			if options != "" {
				kept = "alice bob"
			}
			if !strings.Contains(stderr, "Interrupted: the user bob may have been added: check it with \"user get\"\n") {
				t.Errorf("it reports %q", stderr)
			}
			if got := usersInFile(t, filepath.Join(c.Home, "passwords.csv")); got != kept {
				t.Errorf("the file has passwords of %q, want %q", got, kept)
			}
		})
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
