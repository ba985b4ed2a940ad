package e2e

import (
	"bytes"
	"errors"
	"fmt"
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

// costs is how a program ended, and what it took.
type costs struct {
	Status         string
	Stdout, Stderr string
	CPU            time.Duration
	Memory         int64 // at most, in bytes
}

// measure runs ours to its end.
func measure(t *testing.T, stdin *os.File, env []string, args ...string) costs {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(harness.Ectl(), args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if stdin != nil {
		cmd.Stdin = stdin
	}
	cmd.Env = harness.Env(t.TempDir(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	hung.Stop()
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return costs{
		harness.Ending(err), stdout.String(), stderr.String(),
		cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10,
	}
}

// writeLines writes a policy of a head and n lines.
func writeLines(t *testing.T, head string, n int, line func(i int) string) string {
	t.Helper()
	text := bytes.NewBufferString("apiVersion: ectl/v1\n" + head)
	for i := range n {
		text.WriteString(line(i) + "\n")
	}
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func keyGrant(i int) string { return fmt.Sprintf("    - {access: read, key: /k/%07d}", i) }

// maxWork is how much processor time a large policy may take. Each takes one or
// two seconds; comparing each value with each would take minutes.
const maxWork = 40 * time.Second

func TestLargePoliciesTakeTimeInProportion(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	const head = "users: {bob: {roles: [big], password: none}}\nroles:\n  big:\n"
	permissions := writeLines(t, head, 100_000, keyGrant)
	misspelt := writeLines(t, "", 1, func(int) string {
		var roles, users strings.Builder
		for i := range 12_000 {
			fmt.Fprintf(&roles, "  role%05d: []\n", i)
			fmt.Fprintf(&users, "  u%05d: {roles: [rol%05d], password: none}\n", i, i)
		}
		return "roles:\n" + roles.String() + "users:\n" + users.String()
	})
	untidy := writeLines(t, head, 20_000, func(i int) string { return fmt.Sprintf("    - {access: write, prefix: /k/%07d}", i) })
	expecting := writeLines(t, head, 40_000, func(i int) string {
		if i == 20_000 {
			return "expect:"
		}
		if i > 20_000 {
			return "  - bob cannot readwrite all"
		}
		return keyGrant(i)
	})
	env := "ETCDCTL_ENDPOINTS=" + server.Endpoint()
	for _, test := range []struct {
		name, status, stdout, stderr string
		args                         []string
	}{
		{"test of 100,000 permissions", "status 0", "0 of 0 assertions hold", "", words("rbac test -f " + permissions)},
		{"plan of 100,000 permissions", "status 0", "Plan: 100003 to add", "", words("rbac plan -f " + permissions)},
		{"12,000 misspelt roles", "status 3", "", "  and 11950 more", words("rbac test -f " + misspelt)},
		{"lint of 20,000 prefixes", "status 0", "prefix /k/0019999", "findings", words("rbac lint -f " + untidy)},
		{"20,000 assertions", "status 1", "0 of 19999 assertions hold", "", words("rbac test -f " + expecting)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := measure(t, nil, []string{env}, test.args...)
			if got.Status != test.status || !strings.Contains(got.Stdout, test.stdout) || !strings.Contains(got.Stderr, test.stderr) || got.CPU > maxWork {
				t.Errorf("it ended with %s after %s of processor time, %d MiB: stdout ...%q, stderr %q",
					got.Status, got.CPU, got.Memory>>20, got.Stdout[max(0, len(got.Stdout)-300):], got.Stderr[:min(len(got.Stderr), 2000)])
			}
			t.Logf("%s, %d MiB", got.CPU, got.Memory>>20)
		})
	}
}

// A policy that is read, or being worked on, does not keep Ctrl-C from ending
// the program.
func TestInterruptEndsTheWorkOnAPolicy(t *testing.T) {
	text := harness.MustRead(t, writeLines(t, "roles:\n  big:\n", 160_000, keyGrant))
	for _, args := range []string{"rbac test -f", "rbac lint -f", "rbac plan -f", "rbac apply --yes -f", "rbac lint --waivers", "auth bootstrap --generate-password --yes -f"} {
		for _, whole := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, whole %t", args, whole), func(t *testing.T) {
				// That a fast program has ended before the signal shows nothing.
				for range 5 {
					got := interruptedAtPolicy(t, words(args), text, whole)
					if got == "signal interrupt" {
						return
					}
					if !whole {
						t.Fatalf("it ended with %s", got)
					}
				}
				t.Error("the signal never ended it")
			})
		}
	}
}

// interruptedAtPolicy sends SIGINT to a program that has read its policy, or
// half of it, from a named pipe. It returns how the program ended.
func interruptedAtPolicy(t *testing.T, args []string, text string, whole bool) string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "policy.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(harness.Ectl(), append(args, pipe)...)
	cmd.Env = harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+harness.RefusingEndpoint(t))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer hung.Stop()
	writer, err := os.OpenFile(pipe, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	// More than a pipe holds is written when the program reads.
	if err := writer.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if !whole {
		text = text[:len(text)/2]
	}
	if _, err := writer.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if whole {
		writer.Close()
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	return harness.Ending(<-ended)
}
