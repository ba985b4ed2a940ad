package e2e

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// policyWithPasswords adds two users whose passwords are generated.
const policyWithPasswords = "apiVersion: ectl/v1\nusers: {gen: {password: {generate: true}}, gen2: {password: {generate: true}}}\n"

// newPasswordCluster has root with a password, authentication on or off, and a
// policy with generated passwords.
func newPasswordCluster(t *testing.T, options etcdserver.Options) *harness.Cluster {
	t.Helper()
	c := harness.NewCluster(t, options)
	if err := os.WriteFile(filepath.Join(c.Home, "policy.yaml"), []byte(policyWithPasswords), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// through runs a shell line in which "$0" "$@" are ours with args.
func through(t *testing.T, c *harness.Cluster, line, endpoints string, args ...string) harness.Result {
	t.Helper()
	return harness.Run(t, harness.Command{
		Program: "/bin/bash",
		Args:    append([]string{"-c", line, harness.Ectl()}, args...),
		Env:     harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+endpoints),
		Dir:     c.Home,
	})
}

// status of the program in front of a pipe.
const ofFirst = "; exit ${PIPESTATUS[0]}"

// A reader that has not read, and goes away long after the password was written, is
// noticed before the request that sets it.
func TestAPasswordIsNotSetIfItsReaderExitsWithoutReading(t *testing.T) {
	t.Parallel()
	c := newPasswordCluster(t, etcdserver.Options{})
	writeSecret(t, c.Home, "roles.yaml", policyWithPasswords+"roles: {team: []}\n")
	for _, format := range []string{"json", "csv"} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		way := harness.NewFaultyProxy(t, c.Endpoint(), func(method string, n int) harness.Fault {
			if method == "AuthStatus" && n == 3 { // after the plan was made, right before the first change
				read.Close() // the only reader
			}
			return harness.Passes
		})
		cmd := exec.CommandContext(t.Context(), harness.Ectl(), words("rbac apply -f roles.yaml --yes --quiet -w "+format)...)
		var stderr bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL()), write, &stderr
		end := harness.Ending(cmd.Run())
		write.Close()
		if end != "status 6" || !strings.Contains(stderr.String(), "standard output has no reader: a generated password would be lost, so it was not set") {
			t.Errorf("-w %s ends with %s and %q", format, end, stderr.String())
		}
		if requests := way.Requests(); slices.Contains(requests, "UserAdd") {
			t.Errorf("-w %s has sent %v", format, requests)
		}
		c.MustRunAt(c.Endpoint(), "role", "delete", "team", "--if-exists")
	}
}

// If the password cannot be seen, nothing is sent that depends on it, in any
// format.
func TestNothingDependsOnAPasswordThatIsNotOut(t *testing.T) {
	t.Parallel()
	c := newPasswordCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "user", "add", "bob:secret")
	way := harness.NewFaultyProxy(t, c.Endpoint(), func(string, int) harness.Fault { return harness.Passes })
	broken := map[string]string{
		"the disk is full":      `"$0" "$@" >/dev/full`,
		"the output is closed":  `"$0" "$@" >&-`,
		"the output is null":    `"$0" "$@" >/dev/null`,
		"there is no program":   `"$0" "$@" | no-such-program` + ofFirst,
		"the reader ends later": `"$0" "$@" | sleep 0.1` + ofFirst,
	}
	for _, command := range [][]string{
		{"user", "add", "new", "--generate-password"},
		{"user", "add", "new", "--generate-password", "--if-not-exists", "--roles", "root"},
		{"user", "passwd", "bob", "--generate-password"},
		{"rbac", "apply", "-f", "policy.yaml", "--yes", "--quiet"},
		{"auth", "bootstrap", "--generate-password"},
		{"auth", "bootstrap", "--generate-password", "-f", "policy.yaml", "--yes", "--quiet"},
	} {
		if slices.Contains(command, "--roles") {
			c.MustRunAt(c.Endpoint(), "role", "add", "root")
		}
		for _, format := range []string{"simple", "fields", "json", "table", "yaml", "ndjson", "csv"} {
			for name, line := range broken {
				r := through(t, c, line, way.URL(), append(command, "-w", format)...)
				// A broken pipe may be seen by the write, which ends it by the signal.
				if r.Status != "6" && (r.Status != "141" || !strings.Contains(line, "|")) {
					t.Errorf("%s: %v -w %s: status %s and %s", name, command, format, r.Status, r.Stderr)
				}
				if r.Status == "6" && !strings.Contains(r.Stderr, ": a generated password would be lost, so it was not set\n") {
					t.Errorf("%s: %v -w %s says %s", name, command, format, r.Stderr)
				}
			}
		}
	}
	for _, method := range way.Requests() {
		if harness.ChangesAccess("/etcdserverpb.Auth/"+method) || method == "AuthEnable" {
			t.Fatalf("it has sent %s", method)
		}
	}
}

var generated = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)

// readable returns an error if text is no document of the format.
func readable(format, text string) error {
	var value any
	switch format {
	case "json", "ndjson":
		decoder := json.NewDecoder(strings.NewReader(text))
		for decoder.More() {
			if err := decoder.Decode(&value); err != nil {
				return err
			}
		}
	case "yaml":
		return yaml.Load([]byte(text), &value)
	case "csv":
		_, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		return err
	}
	return nil
}

// A change that fails after its password was printed leaves one document, which
// says that it failed, and an error that says which password is in effect.
func TestAPasswordThatIsNotInEffectIsSaidToBeThat(t *testing.T) {
	t.Parallel()
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := newPasswordCluster(t, etcdserver.Options{Version: version, RootPassword: harness.RootPassword})
			root := []string{"--user", "root:" + harness.RootPassword, "--command-timeout", "5s"}
			c.MustRunAt(c.Endpoint(), append(root, "role", "add", "app")...)
			works := func(user, password string) bool {
				return c.RunAt(c.Endpoint(), "user", "get", user, "--user", user+":"+password).Status == "0"
			}
			formats := []string{"simple", "fields", "json", "table", "yaml", "ndjson", "csv"}
			for i, test := range []struct {
				args   []string
				fault  harness.Fault
				method string
				nth    int
				effect bool
			}{
				{[]string{"user", "add", "new", "--generate-password"}, harness.RequestLost, "UserAdd", 1, false},
				{[]string{"user", "add", "new", "--generate-password"}, harness.AnswerLost, "UserAdd", 1, true},
				{[]string{"user", "add", "new", "--generate-password"}, harness.Denied, "UserAdd", 1, false},
				{[]string{"user", "add", "new", "--generate-password", "--roles", "app"}, harness.RequestLost, "UserAdd", 1, false},
				{[]string{"user", "add", "new", "--generate-password", "--roles", "app"}, harness.RequestLost, "UserGrantRole", 1, false},
				{[]string{"user", "passwd", "old", "--generate-password"}, harness.RequestLost, "UserChangePassword", 1, false},
				{[]string{"user", "passwd", "old", "--generate-password"}, harness.AnswerLost, "UserChangePassword", 1, true},
				{[]string{"user", "passwd", "old", "--generate-password"}, harness.Denied, "UserChangePassword", 1, false},
			} {
				format := formats[i%len(formats)]
				for _, line := range []string{"user delete new --if-exists", "user delete old --if-exists", "user add old:before"} {
					c.RunUntil("permission denied", c.Endpoint(), append(slices.Clone(root), strings.Fields(line)...)...)
				}
				way := harness.NewFaultyProxy(t, c.Endpoint(), on(test.fault, test.nth, test.method))
				r := c.RunAt(way.URL(), append(append(slices.Clone(root), test.args...), "-w", format)...)
				what := fmt.Sprintf("%v -w %s, %s %d has the fault %d", test.args, format, test.method, test.nth, test.fault)
				password := generated.FindString(r.Stdout)
				if r.Status != "1" || password == "" {
					t.Errorf("%s: status %s, stdout %s and stderr %s", what, r.Status, r.Stdout, r.Stderr)
					continue
				}
				if err := readable(format, r.Stdout); err != nil {
					t.Errorf("%s: %v in\n%s", what, err, r.Stdout)
				}
				says := "; the printed password is not in effect\n"
				if test.effect {
					says = "; the printed password is in effect\n"
				}
				if !strings.HasSuffix(r.Stderr, says) {
					t.Errorf("%s: it says %s, want %s", what, r.Stderr, says)
				}
				user := test.args[2]
				if works(user, password) != test.effect {
					t.Errorf("%s: the printed password is in effect: %t", what, !test.effect)
				}
				if user == "old" && works(user, "before") == test.effect {
					t.Errorf("%s: the old password is in effect: %t", what, test.effect)
				}
			}
		})
	}
}

// Each password of a plan is printed before the first change, and afterwards it is
// said which are in effect. The next run prints those that it makes.
func TestApplySaysWhichPasswordsAreInEffect(t *testing.T) {
	t.Parallel()
	c := newPasswordCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	args := []string{"--user", "root:" + harness.RootPassword, "--command-timeout", "2s", "rbac", "apply", "-f", "policy.yaml", "--yes", "--quiet", "-w", "json"}
	type document struct {
		Passwords []struct{ User, Password string }
		Effects   []struct {
			User     string
			InEffect *bool `json:"in_effect"`
		} `json:"password_effects"`
	}
	run := func(way string, status string) document {
		t.Helper()
		r := c.RunAt(way, args...)
		var d document
		if err := json.Unmarshal([]byte(r.Stdout), &d); err != nil || r.Status != status {
			t.Fatalf("status %s, %v: %s%s", r.Status, err, r.Stdout, r.Stderr)
		}
		for i, p := range d.Passwords {
			works := c.RunAt(c.Endpoint(), "user", "get", p.User, "--user", p.User+":"+p.Password).Status == "0"
			if e := d.Effects[i]; e.User != p.User || e.InEffect == nil || *e.InEffect != works {
				t.Errorf("the password of %s works: %t, and it says %+v", p.User, works, e)
			}
			if says := fmt.Sprintf("The password that was printed for %s is not in effect.\n", p.User); strings.Contains(r.Stderr, says) == works {
				t.Errorf("the password of %s works: %t, and it says %s", p.User, works, r.Stderr)
			}
		}
		return d
	}
	way := harness.NewRPCProxy(t, c.Endpoint())
	var adding atomic.Int64
	way.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if strings.HasSuffix(rpc.FullMethod, "/UserAdd") && adding.Add(1) == 2 {
			return rpctypes.ErrGRPCRoleNotFound // whatever it means here
		}
		return rpc.Forward(ctx)
	}
	if d := run(way.Address, "1"); len(d.Passwords) != 2 {
		t.Errorf("the first run prints %d passwords, want 2", len(d.Passwords))
	}
	users := strings.Fields(c.MustRunAt(c.Endpoint(), "user", "list", "--user", "root:"+harness.RootPassword))
	if d := run(c.Endpoint(), "0"); len(d.Passwords) != 3-len(users) {
		t.Errorf("with %v there, the next run prints %d passwords", users, len(d.Passwords))
	}
}

// Killed at any of its requests, bootstrap has either not turned authentication on
// or has printed the password by which root logs in.
func TestAKilledBootstrapLocksNoUserOut(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	for _, format := range []string{"json", "table"} {
		for _, at := range []struct {
			method string
			nth    int
		}{{"RoleAdd", 1}, {"UserAdd", 1}, {"UserGrantRole", 1}, {"UserAdd", 2}, {"UserGrantRole", 2}, {"AuthEnable", 1}, {"Authenticate", 1}, {"UserDelete", 1}} {
			reached := make(chan struct{})
			way := harness.NewFaultyProxy(t, c.Endpoint(), func(method string, n int) harness.Fault {
				if method == at.method && n == at.nth {
					close(reached)
					return harness.Unanswered
				}
				return harness.Passes
			})
			cmd := exec.Command(harness.Ectl(), "auth", "bootstrap", "--generate-password", "-w", format, "--command-timeout", "1m")
			cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL())
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-reached:
			case <-time.After(time.Minute):
				t.Errorf("%s %d was never asked for", at.method, at.nth)
			}
			// What was swallowed is made before the answer would come.
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
			what := fmt.Sprintf("-w %s, killed at %s %d", format, at.method, at.nth)
			password := generated.FindString(stdout.String())
			if password == "" {
				t.Fatalf("%s: no password was printed", what)
			}
			if c.RunAt(c.Endpoint(), "user", "list").Status != "0" {
				who := []string{"--user", "root:" + password}
				if r := c.RunAt(c.Endpoint(), append(who, "user", "list")...); r.Status != "0" {
					t.Fatalf("%s: authentication is on and the printed password is not root's: %s", what, r.Stderr)
				}
				c.MustRunAt(c.Endpoint(), append(who, "auth", "disable")...)
			}
			for _, user := range strings.Fields(c.MustRunAt(c.Endpoint(), "user", "list")) {
				c.MustRunAt(c.Endpoint(), "user", "delete", user)
			}
			c.MustRunAt(c.Endpoint(), "role", "delete", "root")
		}
	}
}

// Killed at the request that sets a generated password, which the server carries out,
// "user passwd" and "rbac apply" have printed it.
func TestAKilledCommandHasPrintedThePasswordsThatItSet(t *testing.T) {
	t.Parallel()
	c := newPasswordCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	root := []string{"--user", "root:" + harness.RootPassword}
	as := func(user string, line string) []string { return append([]string{"--user", user}, words(line)...) }
	for _, format := range []string{"simple", "fields", "json", "table", "yaml", "ndjson", "csv"} {
		for _, test := range []struct {
			line, method string
			nth          int
			users        []string // that exist afterwards
		}{
			{"user passwd bob --generate-password", "UserChangePassword", 1, []string{"bob"}},
			{"rbac apply -f policy.yaml --yes --quiet", "UserAdd", 2, []string{"gen", "gen2"}},
		} {
			c.MustRunAt(c.Endpoint(), append(root, words("user add bob:old")...)...)
			reached := make(chan struct{})
			way := harness.NewFaultyProxy(t, c.Endpoint(), func(method string, n int) harness.Fault {
				if method != test.method || n != test.nth {
					return harness.Passes
				}
				close(reached)
				return harness.Unanswered
			})
			cmd := exec.Command(harness.Ectl(), append(as("root:"+harness.RootPassword, test.line), "-w", format, "--command-timeout", "1m")...)
			cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL())
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-reached:
			case <-time.After(time.Minute):
				t.Errorf("%s -w %s: %s was never asked for", test.line, format, test.method)
			}
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
			printed := generated.FindAllString(stdout.String(), -1)
			for _, user := range test.users {
				harness.WaitUntil(t, test.line+" -w "+format+": a printed password is that of "+user, func() bool {
					return slices.ContainsFunc(printed, func(password string) bool {
						return c.RunAt(c.Endpoint(), as(user+":"+password, "user get "+user)...).Status == "0"
					})
				})
			}
			for _, user := range []string{"bob", "gen", "gen2"} {
				c.MustRunAt(c.Endpoint(), append(root, words("user delete --if-exists "+user)...)...)
			}
		}
	}
}
