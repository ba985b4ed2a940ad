package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/access"
)

// policyOf is a policy with one user and one role of this name, in explicit keys:
// YAML reads no longer ones without a question mark than 1024 characters.
func policyOf(name string) string {
	return "apiVersion: ectl/v1\nroles:\n  ? " + name + "\n  : []\nusers:\n  ? " + name + "\n  : {password: none}\n"
}

// A name that no server survives is refused by every command that adds one, and
// the longest name that servers do survive is not.
func TestNamesThatStopEveryServerAreRefusedByEveryCommand(t *testing.T) {
	t.Parallel()
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCluster(t, etcdserver.Options{Version: version})
			longest, tooLong := strings.Repeat("n", access.MaxName), strings.Repeat("n", access.MaxName+1)
			writePassword(t, filepath.Join(c.Home, "pw"), "secret")
			for file, text := range map[string]string{
				"too-long.yaml": policyOf(tooLong), "longest.yaml": policyOf(longest),
				// Keys of permissions are no keys of the server's database.
				"keys.yaml": "apiVersion: ectl/v1\nroles:\n  keys:\n    - {access: read, key: " + strings.Repeat("k", 1<<20) + "}\n" +
					"    - {access: read, range: [a, " + strings.Repeat("b", 1<<20) + "]}\n",
			} {
				if err := os.WriteFile(filepath.Join(c.Home, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			way := harness.NewFaultyProxy(t, c.Endpoint(), func(string, int) harness.Fault { return harness.Passes })
			for _, args := range [][]string{
				{"user", "add", tooLong, "--no-password"},
				{"user", "add", tooLong + ":secret"},
				{"user", "add", tooLong, "--new-user-password-file", "pw", "--if-not-exists"},
				{"user", "add", tooLong, "--generate-password"},
				{"user", "add", tooLong, "--no-password", "--roles", "root"},
				{"user", "get-cert", tooLong, "--create", "--csr-out", "csr", "--out-key-file", "key"},
				{"role", "add", tooLong},
				{"role", "add", tooLong, "--if-not-exists"},
				{"role", "add", tooLong, "--key", "k", "--read"},
				{"rbac", "plan", "-f", "too-long.yaml"},
				{"rbac", "test", "-f", "too-long.yaml"},
				{"rbac", "apply", "-f", "too-long.yaml", "--yes"},
				{"auth", "bootstrap", "-f", "too-long.yaml", "--yes", "--new-user-password-file", "pw"},
			} {
				want, place := "128", ""
				if strings.HasSuffix(strings.Join(args, " "), "yaml") || strings.Contains(strings.Join(args, " "), "yaml ") {
					want, place = "3", "too-long.yaml:3:5: "
				}
				r := c.RunAt(way.URL(), args...)
				if r.Status != want || r.Stdout != "" || !strings.Contains(r.Stderr, place+"the name of the ") || !strings.Contains(r.Stderr, " has 32769 bytes and the maximum is 32768") {
					t.Errorf("%s: status %s, stdout %q and stderr %q; want %s and why", short(args), r.Status, r.Stdout, r.Stderr, want)
				}
			}
			if sent := way.Requests(); len(sent) > 0 {
				t.Errorf("it has sent %v for names that it refuses", sent)
			}
			for _, args := range [][]string{
				{"rbac", "apply", "-f", "longest.yaml", "--yes", "--quiet"},
				{"role", "add", longest, "--if-not-exists"},
				{"role", "add", "short"},
				{"user", "grant-role", longest, longest},
				{"user", "add", longest, "--no-password", "--if-not-exists", "--roles", "short"},
				{"rbac", "apply", "-f", "keys.yaml", "--yes", "--quiet"},
			} {
				if r := c.RunAt(c.Endpoint(), args...); r.Status != "0" {
					t.Fatalf("%s: status %s and %.200s", short(args), r.Status, r.Stderr)
				}
			}
			c.Members[0].Kill()
			if err := c.Members[0].Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := c.RunUntil("context deadline exceeded", c.Endpoint(), "user", "get", longest); !strings.HasSuffix(got, "Roles: "+longest+" short\n") {
				t.Errorf("after a restart it has %.100s...", got)
			}
		})
	}
}

// The limit is the server's: it is stopped by a name that is one byte longer, and
// does not start again. A version that survives it fails here, and the limit may
// go.
func TestServersAreStoppedByLongNames(t *testing.T) {
	t.Parallel()
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCluster(t, etcdserver.Options{Version: version})
			client, member := c.MustClient(), c.Members[0]
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			if _, err := client.RoleAdd(ctx, strings.Repeat("n", access.MaxName+1)); err == nil {
				t.Fatal("the server has answered")
			}
			if err := member.WaitForEnd(ctx); err != nil {
				t.Fatal(err)
			}
			if err := member.Restart(ctx); err != nil {
				return // it has not even listened
			}
			if err := member.WaitForEnd(ctx); err != nil {
				t.Errorf("started again, %v", err)
			}
		})
	}
}

// short is a command line without the middle of long words.
func short(args []string) string {
	words := make([]string, 0, len(args))
	for _, arg := range args {
		if len(arg) > 100 {
			arg = fmt.Sprintf("%s...(%d bytes)", arg[:10], len(arg))
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// The API takes text only. What is no text is not sent, and the error says so.
func TestNamesAndPasswordsThatAreNotUTF8AreNotSent(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	for _, test := range []struct {
		args   []string
		status string // etcdctl's
	}{
		{[]string{"user", "add", "b\xff", "--no-password"}, "1"},
		{[]string{"user", "add", "b", "--new-user-password", "\xff"}, "1"},
		{[]string{"role", "add", "b\xff"}, "1"},
		{[]string{"user", "grant-role", "b\xff", "b"}, "1"},
	} {
		r := c.RunAt(c.Endpoint(), test.args...)
		if r.Status != test.status || r.Stdout != "" || !strings.Contains(r.Stderr, "not UTF-8") || !strings.HasSuffix(r.Stderr, "; nothing was sent\n") {
			t.Errorf("%q ends with %s and %q", test.args, r.Status, r.Stderr)
		}
	}
	for _, command := range []string{"add b", "passwd b"} {
		if r := through(t, c, `printf 'secret\377\n' | exec "$0" user `+command+` --interactive=false`, c.Endpoint()); r.Status != "128" || !strings.Contains(r.Stderr, "standard input is not UTF-8") || strings.Contains(r.Stderr, "secret") {
			t.Errorf("user %s with a password that is not UTF-8 ends with %s and %q", command, r.Status, r.Stderr)
		}
	}
	for _, test := range []struct{ line, status, says string }{
		{`printf 'secret\377\n' | exec "$0" user check-password b`, "128", "the password is not UTF-8"},
		{`printf 'secret\377\n' | exec "$0" user check-password b --interactive=false`, "128", "the password is not UTF-8"},
		{`printf 'secret\377\n' | exec "$0" user list --user b`, "2", "nothing was sent"},
		{`exec "$0" user list --user $'b:secret\377'`, "2", "nothing was sent"},
		{`exec "$0" user list --user b --password $'secret\377'`, "2", "nothing was sent"},
		{`exec "$0" user list --user b --password-file <(printf 'secret\377\n')`, "128", "is not UTF-8"},
	} {
		if r := through(t, c, test.line, c.Endpoint()); r.Status != test.status || r.Stdout != "" || !strings.Contains(r.Stderr, test.says) || strings.Contains(r.Stderr, "secret") {
			t.Errorf("%s ends with %s and %q", test.line, r.Status, r.Stderr)
		}
	}
	for source, says := range map[string]string{
		`{env: SECRET}`:                     "the environment variable SECRET is not UTF-8",
		`{env: WIDE}`:                       "the environment variable WIDE is UTF-16, not UTF-8",
		`{env: MARKED}`:                     "the environment variable MARKED starts with a byte order mark",
		`{command: "printf 'secret\\377'"}`: "the first line that its command prints is not UTF-8",
		`{command: "printf '\\377\\376s\\000e\\000'"}`: "the first line that its command prints is UTF-16, not UTF-8",
		`{command: "printf 's\\000e\\000'"}`:           "the first line that its command prints has a NUL byte",
		`{file: /dev/stdin}`:                           "is not UTF-8",
	} {
		policy := "apiVersion: ectl/v1\nroles: {b: []}\nusers: {b: {roles: [b], password: " + source + "}}\n"
		file := writeSecret(t, t.TempDir(), "policy.yaml", policy)
		r := through(t, c, `printf 'secret\377\n' | SECRET=$'secret\377' WIDE=$'\377\376s' MARKED=$'\357\273\277secret' exec "$0" rbac apply --yes -f "$1"`, c.Endpoint(), file)
		if r.Status != "1" || !strings.Contains(r.Stderr, "the password of b: ") || !strings.Contains(r.Stderr, says) || strings.Contains(r.Stderr, "secret\xff") {
			t.Errorf("a policy whose password is %s ends with %s and %q", source, r.Status, r.Stderr)
		}
	}
	if users, roles := c.MustRunAt(c.Endpoint(), "user", "list"), c.MustRunAt(c.Endpoint(), "role", "list"); users+roles != "" {
		t.Errorf("there are the users %q and the roles %q", users, roles)
	}
}
