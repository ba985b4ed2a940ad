package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// bootstrapArgs turn authentication on; rootpw is in the folder.
var bootstrapArgs = []string{"auth", "bootstrap", "--new-user-password-file", "root.pw", "--command-timeout", "1m"}

func newBootstrapCluster(t *testing.T) *harness.Cluster {
	t.Helper()
	c := harness.NewCluster(t, etcdserver.Options{})
	writePassword(t, filepath.Join(c.Home, "root.pw"), harness.RootPassword)
	return c
}

// nextBootstrap runs it without a fault, which has to complete it, and makes
// the cluster what it was before any run.
func nextBootstrap(t *testing.T, c *harness.Cluster, after string) {
	t.Helper()
	c.MustRunAt(c.Endpoint(), bootstrapArgs...)
	if isOn, users := stateOfAuth(t, c); !isOn || strings.Join(users, " ") != "root" {
		t.Errorf("%s, and after the next run: authentication is on: %t, and the users are %v", after, isOn, users)
	}
	c.MustRunAt(c.Endpoint(), "auth", "disable", "--user", "root:"+harness.RootPassword)
	c.MustRunAt(c.Endpoint(), "user", "delete", "root")
	c.MustRunAt(c.Endpoint(), "role", "delete", "root")
}

// stateOfAuth is whether authentication is on, and the users.
func stateOfAuth(t *testing.T, c *harness.Cluster) (on bool, users []string) {
	t.Helper()
	r := c.RunAt(c.Endpoint(), "user", "list")
	if on = r.Status != "0"; on {
		r = c.RunAt(c.Endpoint(), "user", "list", "--user", "root:"+harness.RootPassword)
	}
	if r.Status != "0" {
		t.Fatalf("user list: %s", r.Stderr)
	}
	return on, strings.Fields(r.Stdout)
}

// stepsHold fails unless each step that a bootstrap has printed is true of the cluster.
func stepsHold(t *testing.T, c *harness.Cluster, printed, after string) {
	t.Helper()
	isOn, _ := stateOfAuth(t, c)
	var who []string
	if isOn {
		who = []string{"--user", "root:" + harness.RootPassword}
	}
	holds := func(word string, line ...string) bool {
		return slices.Contains(strings.Fields(c.RunAt(c.Endpoint(), append(line, who...)...).Stdout), word)
	}
	for step, isTrue := range map[string]func() bool{
		"Role root created": func() bool { return holds("root", "role", "list") },
		"User root created": func() bool { return holds("root", "user", "list") },
		"Role root granted to user root": func() bool {
			return strings.HasSuffix(c.RunAt(c.Endpoint(), append(who, "user", "get", "root")...).Stdout, "Roles: root\n")
		},
		"Authentication enabled": func() bool { return isOn },
		"Root logged in":         func() bool { return isOn },
	} {
		if strings.Contains(printed, step) && !isTrue() {
			t.Errorf("%s: it prints %q, which is not true, in\n%s", after, step, printed)
		}
	}
}

// Whatever goes wrong in the middle, authentication is on and root can log in,
// or it is off; and the next run completes it.
func TestAFailedBootstrapLocksNoUserOut(t *testing.T) {
	t.Parallel()
	c := newBootstrapCluster(t)
	for _, test := range []struct {
		name   string
		faults func(string, int) harness.Fault
		says   string // the end of the error
	}{
		{"the role's answer is lost", on(harness.AnswerLost, 1, "RoleAdd"), "the change may have been made: check before you repeat it"},
		{"the user's answer is lost", on(harness.AnswerLost, 1, "UserAdd"), "the change may have been made: check before you repeat it"},
		{"the rescuer's answer is lost", on(harness.AnswerLost, 2, "UserAdd"), "the connection broke before the answer came; what had been changed before was changed back, nothing is left of it; authentication was not turned on"},
		{"the rescuer's grant never arrives", on(harness.RequestLost, 2, "UserGrantRole"), "the connection broke before the answer came; what had been changed before was changed back, nothing is left of it; authentication was not turned on"},
		{"the switch never arrives", on(harness.RequestLost, 1, "AuthEnable"), "authentication was turned off again"},
		{"the switch is refused", on(harness.Denied, 1, "AuthEnable"), "authentication was not turned on"},
		{"root's login is refused", on(harness.Denied, 1, "Authenticate"), "authentication was turned off again"},
	} {
		way := harness.NewFaultyProxy(t, c.Endpoint(), test.faults)
		r := c.RunAt(way.URL(), bootstrapArgs...)
		if r.Status == "0" || !strings.HasSuffix(strings.TrimSpace(r.Stderr), test.says) {
			t.Errorf("%s: status %s, stdout\n%s\nand stderr\n%s\nwant %s\nafter %v", test.name, r.Status, r.Stdout, r.Stderr, test.says, way.Requests())
		}
		stepsHold(t, c, r.Stdout, test.name)
		isOn, users := stateOfAuth(t, c)
		if isOn || strings.Contains(strings.Join(users, " "), "rescuer") {
			t.Errorf("%s: authentication is on: %t, want false, and the users are %v", test.name, isOn, users)
		}
		nextBootstrap(t, c, test.name)
	}
}

// The answer to the switch is lost, but it was made: the login proves it.
func TestALostAnswerToTheSwitchOfABootstrapIsVerified(t *testing.T) {
	t.Parallel()
	c := newBootstrapCluster(t)
	way := harness.NewFaultyProxy(t, c.Endpoint(), on(harness.AnswerLost, 1, "AuthEnable"))
	c.MustRunAt(way.URL(), bootstrapArgs...)
	if isOn, users := stateOfAuth(t, c); !isOn || strings.Join(users, " ") != "root" {
		t.Errorf("authentication is on: %t, and the users are %v", isOn, users)
	}
}

// Killed at each of its requests, or interrupted there, it is completed by the
// next run.
func TestAnInterruptedBootstrapIsCompletedByTheNext(t *testing.T) {
	t.Parallel()
	c := newBootstrapCluster(t)
	for _, test := range []struct {
		method string
		nth    int
		signal syscall.Signal
	}{
		{"UserGrantRole", 1, syscall.SIGKILL},
		{"UserGrantRole", 2, syscall.SIGKILL}, // the rescuer is there
		{"AuthEnable", 1, syscall.SIGKILL},
		{"Authenticate", 1, syscall.SIGKILL},
		{"UserDelete", 1, syscall.SIGKILL},
		{"UserGrantRole", 1, syscall.SIGINT},
		{"AuthEnable", 1, syscall.SIGINT},
		{"Authenticate", 1, syscall.SIGINT},
	} {
		reached := make(chan struct{})
		way := harness.NewFaultyProxy(t, c.Endpoint(), func(method string, n int) harness.Fault {
			if method == test.method && n == test.nth {
				close(reached)
				return harness.Unanswered
			}
			return harness.Passes
		})
		// An answer that never comes is waited for until the timeout.
		args := append(slices.Clone(bootstrapArgs[:len(bootstrapArgs)-1]), "5s")
		cmd := exec.Command(harness.Ectl(), args...)
		cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL())
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-reached:
		case <-time.After(harness.HangTimeout):
			t.Errorf("%s %d was never asked for", test.method, test.nth)
		}
		_ = cmd.Process.Signal(test.signal)
		_ = cmd.Wait()
		stepsHold(t, c, stdout.String(), fmt.Sprintf("%s at %s %d", test.signal, test.method, test.nth))
		if test.signal == syscall.SIGINT {
			// It ends by itself, and leaves no rescuer.
			if _, users := stateOfAuth(t, c); strings.Contains(strings.Join(users, " "), "rescuer") {
				t.Errorf("interrupted at %s %d: the users are %v, and it says %s", test.method, test.nth, users, stderr.String())
			}
		}
		nextBootstrap(t, c, fmt.Sprintf("%s at %s %d", test.signal, test.method, test.nth))
	}
}
