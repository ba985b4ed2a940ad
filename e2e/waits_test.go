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

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// heldUntilShown are commands with a request that the server answers late, and what the
// terminal shows meanwhile. URL is the endpoint.
func heldUntilShown() []heldCommand {
	return []heldCommand{
		{args: "defrag", method: "Defragment", nth: 1, shows: "Defragmenting member 1 of 1: URL ("},
		{args: "compaction 3 --physical", method: "Compact", nth: 1, shows: "Compacting the key history before revision 3 ("},
		{args: "del /many/ --prefix", method: "DeleteRange", nth: 1, shows: "Waiting for the answer of URL ("},
		{args: "du", method: "RangeStream", nth: 1, shows: "Reading keys: 100 of 300, 33% ("},
		{args: "du", version: "3.6.16", method: "Range", nth: 2, shows: "Reading keys: 100 of 300, 33% ("},
		{args: "ls --recursive", method: "RangeStream", nth: 1, shows: "Reading keys: 100 of 300, 33% ("},
		{args: "ls --recursive", method: "RangeStream", nth: 1, shows: "Reading keys: 100 of 300, 33% (", toFile: true},
		{args: "get --prefix /many/ --keys-only", method: "RangeStream", nth: 1, shows: "Reading keys: 100 of 300, 33% (", toFile: true},
		{args: "ls /many/", version: "3.6.16", method: "Range", nth: 2, shows: "Reading keys: 100 (", toFile: true},
		{args: "rbac matrix", method: "UserGet", nth: 2, shows: "Reading users and roles: "},
		{args: "user import users.csv", method: "UserAdd", nth: 2, shows: "Adding users: 1 of 2, 50% ("},
		{args: "endpoint hashkv", method: "HashKV", nth: 1, shows: "Waiting for the answer of URL ("},
	}
}

type heldCommand struct {
	args    string
	version string
	method  string // of the held requests
	nth     int    // the first one that is held: pages are read ahead, in any order
	shows   string
	toFile  bool // standard output is a file
}

// What takes long shows on a terminal what it waits for. Nothing of that is left at the
// end.
func TestATerminalShowsWhatACommandWaitsFor(t *testing.T) {
	t.Parallel()
	for _, test := range heldUntilShown() {
		t.Run(fmt.Sprintf("%s %s %t", test.args, test.version, test.toFile), func(t *testing.T) {
			t.Parallel()
			version := etcdserver.Latest
			if test.version != "" {
				version = test.version
			}
			c := harness.NewCluster(t, etcdserver.Options{Version: version})
			fill(t, c, 300)
			for _, user := range []string{"alice", "bob"} {
				c.MustRunAt(c.Endpoint(), "user", "add", user, "--no-password")
			}
			if err := os.WriteFile(filepath.Join(c.Home, "users.csv"), []byte("name,password\ncarol,none\ndave,none\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			way, shown := harness.NewRPCProxy(t, c.Endpoint()), make(chan struct{})
			way.Handle = func(ctx context.Context, rpc *harness.RPC) error {
				if rpc.Method == test.method && rpc.Nth >= test.nth {
					select {
					case <-shown:
					case <-ctx.Done():
					}
				}
				return rpc.Forward(ctx)
			}
			cmd := exec.Command(harness.Ectl(), strings.Fields(test.args+" --command-timeout 2m")...)
			cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+way.URL(), "TERM=xterm")
			screen := onScreen(t, cmd, test.toFile)
			want := strings.ReplaceAll(test.shows, "URL", way.URL())
			if _, ok := screen.WaitFor(want, 0); !ok {
				t.Errorf("the terminal shows %q, want %q", screen, want)
			}
			close(shown)
			if end := screen.End(); end != "status 0" {
				t.Errorf("ends with %s: %s", end, screen)
			}
			screen.MustNotHave(want)
			if text := screen.Text(); strings.Contains(text, "Reading") || strings.Contains(text, "Waiting") {
				t.Errorf("at the end the screen has\n%s", text)
			}
		})
	}
}

// onScreen starts a command on a terminal. With toFile, standard output is a file.
func onScreen(t *testing.T, cmd *exec.Cmd, toFile bool) *harness.Screen {
	t.Helper()
	if !toFile {
		return harness.StartOnScreen(t, 24, 100, cmd)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return harness.StartOnScreenWith(t, 24, 100, cmd, out)
}

// fill writes a number of keys.
func fill(t *testing.T, c *harness.Cluster, keys int) {
	t.Helper()
	var script strings.Builder
	for from := 0; from < keys; from += 100 {
		script.WriteString("\n")
		for i := from; i < min(from+100, keys); i++ {
			fmt.Fprintf(&script, "put /many/%04d value\n", i)
		}
		script.WriteString("\n\n")
		cmd := exec.Command(harness.Ectl(), "txn")
		cmd.Env, cmd.Stdin = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint()), strings.NewReader(script.String())
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		script.Reset()
	}
}

// While an endpoint cannot be reached, a terminal shows why, for every kind of command: a
// request, a login, several members, a stream, a lock, both sides of a mirror.
func TestATerminalShowsThatAHostIsWaitedFor(t *testing.T) {
	t.Parallel()
	refused := "http://" + harness.RefusingEndpoint(t)
	c := harness.NewCluster(t, etcdserver.Options{})
	stuck := harness.NewTCPProxy(t, c.Endpoint())
	t.Cleanup(stuck.Hold())
	const connectionRefused = ": connection refused ("
	for _, test := range []struct{ args, endpoint, shows string }{
		{"get k", refused, refused + connectionRefused},
		{"put k v", refused, refused + connectionRefused},
		{"user list", refused, refused + connectionRefused},
		{"get k --user root:pw --dial-timeout 1m", refused, refused + connectionRefused},
		{"endpoint status", refused, refused + connectionRefused},
		{"member list", refused + "," + c.Endpoint() + "1", refused + ": connection refused; "},
		{"watch k", refused, refused + connectionRefused},
		{"lock l", refused, refused + connectionRefused},
		{"lease keep-alive 123", refused, refused + connectionRefused},
		{"snapshot save s.db", refused, refused + connectionRefused},
		{"make-mirror " + refused, c.Endpoint(), refused + connectionRefused},
		{"get k", "http://no-such-host.invalid:2379", "http://no-such-host.invalid:2379: "},
		{"get k", stuck.URL, stuck.URL + ": connected, no answer ("},
	} {
		t.Run(test.args+" "+test.endpoint, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(harness.Ectl(), strings.Fields(test.args+" --command-timeout 2m")...)
			cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+test.endpoint, "TERM=xterm")
			screen := harness.StartOnScreen(t, 24, 120, cmd)
			if _, ok := screen.WaitFor("Waiting for "+test.shows, 0); !ok {
				t.Errorf("the terminal shows %q, want %q", screen, test.shows)
			}
			screen.Signal(syscall.SIGTERM)
			screen.End()
			screen.MustNotHave("Waiting for ")
		})
	}
}

// A script does not get to see any of it, and neither does a user who wants quiet.
func TestAWaitIsShownOnlyOnATerminal(t *testing.T) {
	t.Parallel()
	endpoint := "http://" + harness.RefusingEndpoint(t)
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+endpoint, "TERM=xterm")
	piped := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: []string{"get", "k", "--command-timeout", "4s"}, Env: env})
	if !strings.HasPrefix(piped.Stderr, "Error: context deadline exceeded: ") || strings.ContainsAny(piped.Stderr, "\r\x1b") {
		t.Errorf("standard error has %q", piped.Stderr)
	}
	cmd := exec.Command(harness.Ectl(), "get", "k", "--command-timeout", "4s", "--quiet")
	cmd.Env = env
	screen := harness.StartOnScreen(t, 24, 120, cmd)
	screen.End()
	if screen.Contains("Waiting") {
		t.Errorf("with --quiet the terminal shows %q", screen)
	}
}
