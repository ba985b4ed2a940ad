//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A standard output that is closed cannot be written: every command that prints
// ends with 6. The null device can, however it was opened: Go's runtime puts one in
// the place of a closed output, and Python and others give their children one in
// the same mode.
func TestAClosedOutputCannotBeWritten(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "put", "k", "v")
	c.MustRunAt(c.Endpoint(), "user", "add", "bob", "--no-password")
	const unwritten = "write the output: standard output is closed"
	changes := []string{"put k v", "user add eve --no-password", "defrag", "lease grant 60", "compaction 1"}
	for line, status := range map[string]string{
		"get k": "6", "get k -w json": "6", "get k -w protobuf": "6", "put k v": "6", "get no-such-key": "0",
		"ls": "6", "du": "6", "version": "6", "help": "6", "get --help": "6", "user": "6", "options": "6", "completion bash": "6",
		"__complete user get bo": "6", "user list": "6", "user get bob": "6", "user add eve --no-password": "6", "role list": "0", "auth status": "6",
		"rbac matrix": "6", "rbac export": "6", "rbac who-can read k": "0", "whoami": "6", "member list": "6",
		"endpoint health": "6", "endpoint status": "6", "endpoint hashkv": "6", "defrag": "6", "alarm list": "0", "lease grant 60": "6", "lease list": "6",
		"compaction 1": "6", "watch k --rev 1": "6", "snapshot save saved.db": "6", "get": "128",
	} {
		args, says := strings.Fields(line), unwritten
		if slices.Contains(changes, line) {
			says += "; the change was made"
		}
		if r := through(t, c, `exec "$0" "$@" >&-`, c.Endpoint(), args...); r.Status != status {
			t.Errorf("%s >&-: status %s, want %s: %s", line, r.Status, status, r.Stderr)
		} else if status == "6" && args[0] != "__complete" && !strings.HasSuffix(r.Stderr, says+"\n") {
			t.Errorf("%s >&- says %s", line, r.Stderr)
		}
	}
	for _, redirection := range []string{">/dev/null", "1<>/dev/null", "<&- >/dev/null", "2>&- >/dev/null", "<&- 2>&- >/dev/null", "<>/dev/null >&0 2>&0"} {
		for _, line := range []string{"get k", "version", "help"} {
			if r := through(t, c, `exec "$0" "$@" `+redirection, c.Endpoint(), strings.Fields(line)...); r.Status != "0" {
				t.Errorf("%s %s: status %s: %s", line, redirection, r.Status, r.Stderr)
			}
		}
	}
	// Nothing to read is the end of a file, and what cannot be said is left out.
	if r := through(t, c, `exec "$0" "$@" <&-`, c.Endpoint(), "user", "add", "kim", "--interactive=false"); r.Status != "128" || !strings.Contains(r.Stderr, "standard input has no line") {
		t.Errorf("with its input closed it ends with %s: %s", r.Status, r.Stderr)
	}
	if r := through(t, c, `exec "$0" "$@" 2>&-`, c.Endpoint(), "get", "k"); r.Status != "0" || r.Stdout != "k\nv\n" {
		t.Errorf("with its errors closed it ends with %s: %s", r.Status, r.Stdout)
	}
	full := `exec "$0" "$@" >/dev/full`
	for _, line := range []string{"help", "get --help", "options", "completion zsh", "version"} {
		if r := through(t, c, full, c.Endpoint(), strings.Fields(line)...); r.Status != "6" {
			t.Errorf("%s >/dev/full: status %s: %s", line, r.Status, r.Stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(c.Home, "saved.db")); err != nil {
		t.Errorf("the snapshot that could not be told about: %v", err)
	}
}

// Who does not see the result of a change is told that it was made. Nothing is
// said of changes if there were none, and what was taken back is said to be so.
func TestAnOutputThatIsLostAfterAChangeSaysSo(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "put", "k", "v")
	c.MustRunAt(c.Endpoint(), "put", "other", "v")
	c.MustRunAt(c.Endpoint(), "role", "add", "reader")
	const none, change, changes = "", "; the change was made", "; the changes were made"
	for redirection, reason := range map[string]string{">&-": "standard output is closed", ">/dev/full": "write /dev/stdout: no space left on device"} {
		for _, test := range []struct{ line, says string }{
			{"put k v2", change}, {"put k v2 -w json", change}, {"put k v3 --prev-kv -w fields", change},
			{"del k", change}, {"del k", none}, {"put k v", change},
			{"txn <<< $'value(\"k\") = \"v\"\\n\\nput k v4\\n\\nget other\\n\\n'", change},
			{"txn <<< $'value(\"k\") = \"v\"\\n\\nput k v4\\n\\nget other\\n\\n'", none},
			{"txn <<< $'\\n\\ndel no-such-key\\n\\n'", none},
			{"user add kim --no-password", change}, {"user grant-role kim reader", change}, {"user revoke-role kim reader", change}, {"user delete kim", change},
			{"user add kim --no-password --roles reader", changes}, {"user delete kim", change},
			{"role add writer", change}, {"role grant-permission writer read k", change}, {"role revoke-permission writer k", change}, {"role delete writer", change},
			{"lease grant 60", change}, {"lease list", none}, {"defrag", change},
			{"get other", none}, {"get other -w json", none}, {"ls", none}, {"role list", none}, {"whoami", none},
			{"member list", none}, {"endpoint status", none}, {"rbac export", none}, {"version", none}, {"help", none},
			{"rbac plan --exit-code -f - <<< $'apiVersion: ectl/v1\\nroles: {extra: []}'", none}, // the status would be an answer
			{"lock name", "; the lock was released"}, {"elect name value", "; the leadership was released"},
			{"check perf --duration 100ms", "; the keys of the check were deleted"},
		} {
			r := through(t, c, `exec `+redirection+`; "$0" `+test.line, c.Endpoint())
			if want := "write the output: " + reason + test.says + "\n"; r.Status != "6" || !strings.HasSuffix(r.Stderr, want) {
				t.Errorf("%s %s: status %s, says %q, want %q", test.line, redirection, r.Status, r.Stderr, want)
			}
		}
		r := through(t, c, `exec `+redirection+`; "$0" user add gen --generate-password`, c.Endpoint())
		if r.Status != "6" || !strings.HasSuffix(r.Stderr, "so it was not set\n") {
			t.Errorf("a generated password %s: status %s, says %q", redirection, r.Status, r.Stderr)
		}
	}
	r := through(t, c, `exec >&-; "$0" member add m2 --learner --peer-urls http://127.0.0.1:1`, c.Endpoint())
	if r.Status != "6" || !strings.HasSuffix(r.Stderr, change+"\n") {
		t.Errorf("member add: status %s, says %q", r.Status, r.Stderr)
	}
}

// The command of a lock, an election or a watch whose standard output is closed
// writes to the null device, as etcdctl's does: it is not ended by its writing. A
// watch cannot print the event in front of it.
func TestACommandUnderAClosedOutputCanWrite(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "put", "k", "v")
	const child = `echo once; sleep 0.02; echo twice && where=$(readlink /proc/$$/fd/1) && echo "$where" >&2; exit `
	etcdctl := harness.Etcdctl()
	for _, status := range []string{"7", "0"} {
		want := through(t, c, `exec `+etcdctl+` "$@" >&-`, c.Endpoint(), "lock", "name", "--", "sh", "-c", child+status)
		if want.Status != status || !strings.HasPrefix(want.Stderr, os.DevNull+"\n") {
			t.Fatalf("etcdctl lock >&-: status %s: %s", want.Status, want.Stderr)
		}
		for range 10 {
			for _, args := range [][]string{{"lock", "name"}, {"elect", "name", "value"}} {
				r := through(t, c, `exec "$0" "$@" >&-`, c.Endpoint(), append(args, "--", "sh", "-c", child+status)...)
				if r.Status != status || !strings.HasPrefix(r.Stderr, os.DevNull+"\n") {
					t.Errorf("%s >&-: status %s, want %s: %s", args[0], r.Status, status, r.Stderr)
				}
			}
		}
	}
	for range 10 {
		r := through(t, c, `exec "$0" "$@" >&-`, c.Endpoint(), "watch", "k", "--rev", "1", "--", "sh", "-c", child+"7")
		if r.Status != "6" || r.Stderr != "Error: write the output: standard output is closed\n" {
			t.Errorf("watch >&-: status %s: %s", r.Status, r.Stderr)
		}
	}
}
