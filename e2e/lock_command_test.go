package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sys/unix"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// trapping is a command that says which signals it gets, and ends with 7 after
// TERM.
const trapping = `trap "echo INT" INT; trap "echo HUP" HUP; trap "echo TERM; exit 7" TERM; echo ready; while :; do sleep 0.01; done`

func TestSignalsGoToTheCommandOfALock(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	for _, line := range [][]string{{"lock", "name"}, {"elect", "name", "proposal"}} {
		r := q.ours(append(line, "--", "sh", "-c", trapping)...).WaitFor("ready")
		r.Signal(syscall.SIGINT).WaitFor("INT\n").Signal(syscall.SIGHUP).WaitFor("INT\nHUP\n").Signal(syscall.SIGINT).WaitFor("INT\nHUP\nINT\n")
		r.Signal(syscall.SIGTERM).WantEnd("status 7")
		if got := r.Stdout.String(); got != "ready\nINT\nHUP\nINT\nTERM\n" {
			t.Errorf("%s: the command prints %q", line, got)
		}
		if keys := q.keys("name"); len(keys) > 0 {
			t.Errorf("%s leaves %v", line, keys)
		}
	}
	// The reference waits for its command, and says it nothing.
	r := harness.Start(t, harness.Etcdctl(), q.env, "lock", "name", "--", "sh", "-c", strings.Replace(trapping, "while :", "for i in 1 2 3 4 5 6", 1)).WaitFor("ready")
	if r.Signal(syscall.SIGTERM).WantEnd("status 0"); strings.Contains(r.Stdout.String(), "TERM") {
		t.Error("the reference passes signals on now: docs/compatibility.md need not say otherwise")
	}
}

// At a terminal Ctrl-C goes to all programs in the foreground: the command must
// not get it twice.
func TestCtrlCReachesTheCommandOfALockOnce(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	terminal := harness.NewTerminal(t, 24, 80)
	cmd := exec.Command(harness.Ectl(), "lock", "name", "--", "sh", "-c", trapping)
	cmd.Env = q.env
	terminal.Start(cmd)
	at := terminal.MustShow("ready", 0)
	terminal.Type("\x03")
	at = terminal.MustShow("INT", at)
	terminal.Type("\x03")
	terminal.MustShow("INT", at)
	terminal.Signal(syscall.SIGTERM)
	if got := terminal.End(); got != "status 7" {
		t.Errorf("it ended with %s", got)
	}
	if n := strings.Count(terminal.String(), "INT\r\n"); n != 2 {
		t.Errorf("two Ctrl-C are %d to the command: %q", n, terminal)
	}
}

func TestALostLockEndsItsCommand(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	deleteKey := func(key string) error {
		_, err := q.client.Delete(t.Context(), key)
		return err
	}
	stubborn := `trap "echo TERM" TERM; echo ready; while :; do sleep 0.01; done`
	for i, c := range []struct {
		args         []string
		lose         func(string) error
		ends, prints string
		says         []string
	}{
		{[]string{"lock", "NAME", "--", "sh", "-c", trapping}, deleteKey, "status 5", "ready\nTERM\n",
			[]string{"the lock was lost: its key was deleted: ending the command\n", "Error: the lock was lost: its key was deleted\n"}},
		{[]string{"lock", "NAME", "--ttl", "2", "--", "sh", "-c", trapping}, q.revoke, "status 5", "ready\nTERM\n", []string{"the lock was lost: "}},
		{[]string{"lock", "NAME", "--grace", "2s", "--", "sh", "-c", stubborn}, deleteKey, "status 5", "ready\nTERM\n",
			[]string{"did not end within 2s: it was killed\n"}},
		{[]string{"lock", "NAME", "--grace", "0", "--", "sh", "-c", stubborn}, deleteKey, "status 5", "ready\n", nil},
		{[]string{"elect", "NAME", "ready", "--", "sh", "-c", trapping}, deleteKey, "status 5", "ready\nTERM\n",
			[]string{"the leadership was lost: its key was deleted: ending the command\n"}},
		{[]string{"lock", "NAME"}, deleteKey, "status 1", "NAME", []string{"Error: the lock was lost: its key was deleted\n"}},
		{[]string{"elect", "NAME", "ready"}, q.revoke, "status 1", "NAME", []string{"Error: the leadership was lost: "}},
		{[]string{"elect", "NAME", "ready", "--proclaim"}, deleteKey, "status 1", "NAME", nil},
		// It lost the lock without being told before it ended.
		{[]string{"lock", "NAME", "--", "sh", "-c", `echo ready; while test "$(ectl get "$ETCD_LOCK_KEY")"; do :; done`}, deleteKey, "status 5", "ready\n", nil},
	} {
		name := fmt.Sprint("name", i)
		args := slices.Clone(c.args)
		args[1] = name
		env := append(slices.Clone(q.env), "PATH="+harness.EctlFolder()+":"+os.Getenv("PATH"))
		r := harness.Start(t, harness.Ectl(), env, args...)
		key := q.queued(name, 1)
		if c.prints == "NAME" {
			r.WaitFor(key + "\n")
			c.prints = key + "\n"
			if c.args[0] == "elect" {
				c.prints += "ready"
			}
			c.prints += "\n"
		} else {
			r.WaitFor("ready\n")
		}
		if err := c.lose(key); err != nil {
			t.Fatal(err)
		}
		r.WantEnd(c.ends)
		if got := r.Stdout.String(); got != c.prints {
			t.Errorf("%v prints %q, want %q", c.args, got, c.prints)
		}
		for _, says := range c.says {
			r.WantStderr(says)
		}
	}
}

// nested is a command whose work is done by a process below it, which tells its
// ID and goes on when the shell that waits for it ends.
func nested(inner string) string {
	return fmt.Sprintf(`sh -c 'echo "pid $$"; %s'; echo never`, inner)
}

// workerOf waits for the process that a nested command tells, and returns its ID.
func workerOf(t *testing.T, r *harness.Process) int {
	t.Helper()
	var pid int
	if _, err := fmt.Sscanf(r.WaitFor("\n").Stdout.String(), "pid %d\n", &pid); err != nil {
		t.Fatalf("%q: %v", r.Stdout, err)
	}
	t.Cleanup(func() {
		if runs(pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return pid
}

// runs says whether a process has not ended.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// What the command has started holds the lock no longer than the command does:
// not when it is lost, and not when a signal has ended the command alone.
func TestTheLockIsHeldUntilNothingOfTheCommandIsLeft(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	deep := `sh -c "trap \"sleep 0.3; exit\" TERM; echo ready; while :; do sleep 0.01; done"; echo never`
	for i, c := range []struct {
		args   []string
		inner  string
		signal os.Signal // nil: its key is deleted
		ends   string
		says   string // at the end of stderr
	}{
		{[]string{"lock"}, "exec sleep 600", nil, "status 5", "the lock was lost: its key was deleted: ending the command\nError: the lock was lost: its key was deleted\n"},
		{[]string{"lock", "--grace", "1s"}, `trap "" TERM; while :; do sleep 0.01; done`, nil, "status 5",
			"what the command had started did not end within 1s: it was killed\nError: the lock was lost: its key was deleted\n"},
		{[]string{"lock", "--grace", "0"}, "exec sleep 600", nil, "status 5", ""},
		{[]string{"elect"}, "exec sleep 600", nil, "status 5", ""},
		{[]string{"lock"}, "exec sleep 600", syscall.SIGTERM, "status 255", "Error: sh: signal: terminated\n"},
		{[]string{"lock"}, deep, syscall.SIGTERM, "status 255", "Error: sh: signal: terminated\n"},
		{[]string{"elect"}, "exec sleep 600", syscall.SIGTERM, "status 255", "Error: sh: signal: terminated\n"},
	} {
		name := fmt.Sprint("name", i)
		args := append(slices.Clone(c.args), name)
		if c.args[0] == "elect" {
			args = append(args, "proposal")
		}
		r := q.ours(append(args, "--", "sh", "-c", nested(c.inner))...)
		worker := workerOf(t, r)
		if c.inner == deep {
			r.WaitFor("ready")
		}
		harness.WaitUntil(t, "the command of "+name+" to run", func() bool { return len(q.keys(name)) == 1 })
		if c.signal != nil {
			next := q.ours("lock", name, "--", "test", "!", "-e", fmt.Sprintf("/proc/%d/cwd/", worker))
			q.queued(name, 2)
			r.Signal(c.signal)
			next.WantEnd("status 0") // nothing of it is left when it is the next one's turn
		} else if _, err := q.client.Delete(t.Context(), q.keys(name)[0]); err != nil {
			t.Fatal(err)
		}
		r.WantEnd(c.ends)
		if runs(worker) {
			t.Errorf("%v ends, and what its command has started goes on", args)
		}
		if strings.Contains(r.Stdout.String(), "never") || !strings.HasSuffix(r.Stderr.String(), c.says) {
			t.Errorf("%v: stdout %q, stderr %q, want %q at its end", args, r.Stdout, r.Stderr, c.says)
		}
	}
}

// What does not belong to the command is left alone: a daemon that it has
// started, and what ran before.
func TestALostLockEndsNothingElse(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	files := t.TempDir()
	script := `sleep 600 & echo $! >before; sleep 0.1; exec "$0" lock name -- sh -c 'setsid sleep 600 & echo $! >daemon; sleep 600 & echo $! >rest; echo ready; wait; echo never'`
	r := harness.Start(t, "sh", q.env, "-c", "cd '"+files+"'; "+script, harness.Ectl()).WaitFor("ready")
	pid := func(file string) int {
		var pid int
		if _, err := fmt.Sscan(harness.MustRead(t, filepath.Join(files, file)), &pid); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
		return pid
	}
	before, daemon, rest := pid("before"), pid("daemon"), pid("rest")
	harness.WaitUntil(t, "the daemon's session", func() bool { sid, err := unix.Getsid(daemon); return err == nil && sid == daemon })
	if _, err := q.client.Delete(t.Context(), "name/", clientv3.WithPrefix()); err != nil {
		t.Fatal(err)
	}
	r.WantEnd("status 5")
	if !runs(before) || !runs(daemon) || runs(rest) {
		t.Errorf("what ran before runs: %t; a daemon runs: %t; what the command had started runs: %t", runs(before), runs(daemon), runs(rest))
	}
}

// A cluster that is not there any more loses the lock, too, as soon as its lease
// may have expired, and not before.
func TestALockWithoutServersIsLostWithItsLease(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	r := q.ours("lock", "name", "--ttl", "3", "--", "sh", "-c", trapping).WaitFor("ready")
	killed := time.Now()
	q.server.Members[0].Kill()
	r.WantEnd("status 5").WantStderr("the lock was lost: no member renewed its lease for 3s: ").WantStderr("connection refused")
	if took := time.Since(killed); took < time.Second {
		t.Errorf("it was given up after %s, when the lease had a second to live at least", took)
	}
	if strings.Contains(r.Stderr.String(), "rpc error") {
		t.Errorf("stderr %q", r.Stderr)
	}
}

// A killed lock takes its command along: no other process keeps its lock.
func TestTheCommandOfAKilledLockIsTold(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	q.ours("lock", "name", "--", "sh", "-c", trapping).WaitFor("ready").Signal(syscall.SIGKILL).WaitFor("TERM\n").WantEnd("signal killed")
}

// That a lock was lost is seen when it is given up at the latest, and why.
func TestALockThatIsLostAtItsEndSaysWhy(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	for i := range 8 {
		goOn := filepath.Join(t.TempDir(), "go on")
		r := q.ours("lock", "name", "--", "sh", "-c", "trap '' TERM; echo begins; while ! test -e '"+goOn+"'; do sleep 0.01; done; echo ends").WaitFor("begins\n")
		var id int64
		if _, err := fmt.Sscanf(filepath.Base(q.queued("name", 1)), "%x", &id); err != nil {
			t.Fatal(err)
		}
		if err := r.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if _, err := q.client.Revoke(t.Context(), clientv3.LeaseID(id)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goOn, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		r.WaitFor("ends\n")
		harness.WaitUntil(t, "the end of the command", func() bool {
			return !slices.ContainsFunc(children(r.Cmd.Process.Pid), func(pid int) bool { return !isZombie(pid) })
		})
		if err := r.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		r.WantEnd("status 5").WantStderr("the lock was lost: its lease has expired or was revoked")
		if t.Failed() {
			t.Fatalf("the %dth time", i)
		}
	}
}
