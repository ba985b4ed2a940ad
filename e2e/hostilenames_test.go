package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	yaml11 "go.yaml.in/yaml/v2"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/nasty"
	"github.com/ectl-io/ectl/internal/visible"
)

// What rbac export writes is read back as it was: by rbac plan, which finds
// nothing to change, and by readers of YAML 1.1 and JSON, whatever the names are.
func TestAnExportOfHostileNamesIsReadBack(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	names, err := nasty.Names(4, 50)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := nasty.Keys(4, 50)
	if err != nil {
		t.Fatal(err)
	}
	// Each name is a role, every third a user who holds it, and each key of some role.
	users := map[string][]string{}
	for i, name := range names {
		if _, err := client.RoleAdd(t.Context(), name); err != nil {
			t.Fatalf("add the role %q: %v", name, err)
		}
		for j, key := range []string{keys[i], keys[len(names)+i]} {
			end := []string{"", clientv3.GetPrefixRangeEnd(key), key + "\xff", "\x00"}[(i+j)%4]
			if _, err := client.RoleGrantPermission(t.Context(), name, key, end, clientv3.PermissionType(clientv3.PermReadWrite)); err != nil {
				t.Fatalf("grant %q on %q: %v", name, key, err)
			}
		}
		if i%3 != 0 {
			continue
		}
		if _, err := client.UserAddWithOptions(t.Context(), name, "", &clientv3.UserAddOptions{NoPassword: true}); err != nil {
			t.Fatalf("add the user %q: %v", name, err)
		}
		if _, err := client.UserGrantRole(t.Context(), name, name); err != nil {
			t.Fatal(err)
		}
		users[name] = []string{name}
	}
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())
	for format, read := range map[string]func([]byte, any) error{"yaml": yaml11.Unmarshal, "json": json.Unmarshal} {
		t.Run(format, func(t *testing.T) {
			exported := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: words("rbac export -w " + format), Env: env}).Stdout
			for i, line := range strings.Split(exported, "\n") {
				if !visible.Is(line) {
					t.Fatalf("line %d of the export is not visible: %q", i+1, line)
				}
			}
			plan := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: words("rbac plan --prune --exit-code -f -"), Env: env, Stdin: exported})
			if plan.Status != "0" || !strings.HasPrefix(plan.Stdout, "No changes") {
				t.Errorf("the plan of the export ends with %s: %.3000s %.3000s", plan.Status, plan.Stdout, plan.Stderr)
			}
			// Everything that is no string in the eyes of the reader fails here.
			var untyped map[string]any
			if err := read([]byte(exported), &untyped); err != nil {
				t.Fatal(err)
			}
			texts := map[string]bool{}
			collect(t, untyped, texts)
			for _, name := range names {
				if !texts[name] {
					t.Errorf("a reader does not find the name %q", name)
				}
			}
			var document struct {
				Roles map[string][]map[string]any
				Users map[string]struct{ Roles []string }
			}
			if err := read([]byte(exported), &document); err != nil {
				t.Fatal(err)
			}
			if len(document.Roles) != len(names) || len(document.Users) != len(users) {
				t.Errorf("the export has %d roles and %d users, want %d and %d", len(document.Roles), len(document.Users), len(names), len(users))
			}
			for user, roles := range users {
				if !slices.Equal(document.Users[user].Roles, roles) {
					t.Errorf("in the export %q holds %q", user, document.Users[user].Roles)
				}
			}
		})
	}
	// The other results of ours in YAML and NDJSON.
	for _, args := range []string{"rbac matrix -w yaml", "user list -w yaml", "rbac lint -w yaml"} {
		shown := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: words(args), Env: env}).Stdout
		var untyped map[string]any
		if err := yaml11.Unmarshal([]byte(shown), &untyped); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		texts := map[string]bool{}
		collect(t, untyped, texts)
		for name := range users {
			if !texts[name] && !texts["user "+name] && args != "rbac lint -w yaml" {
				t.Errorf("%s: a reader of YAML 1.1 does not find %q", args, name)
			}
		}
	}
}

// collect puts all strings of a document into texts. Besides strings a policy has
// truth values for "all" alone.
func collect(t *testing.T, value any, texts map[string]bool) {
	t.Helper()
	switch v := value.(type) {
	case string:
		texts[v] = true
	case []any:
		for _, item := range v {
			collect(t, item, texts)
		}
	case map[string]any:
		for name, item := range v {
			texts[name] = true
			collect(t, item, texts)
		}
	case map[any]any:
		for name, item := range v {
			collect(t, name, texts)
			collect(t, item, texts)
		}
	case bool, int, float64:
	default:
		t.Errorf("%#v is no string", value)
	}
}

// hostileNames have what a terminal obeys, a line that looks like one of ours, what
// is invisible, and another direction.
var hostileNames = []string{
	"\x1b[2J\x1b]0;pwned\x07", "bob\nError: etcdserver: forged", "root\r\x1b[KUser root deleted", "\u009b31mred\u0085x",
	"user\u202etoor\u2066", "a\u200bb\ufeff\u2060", "tag\U000e0041", "del\x7f\b\b\bok", "=cmd|' /C calc'!A0", "line\u2028sep",
}

// unseen returns the first characters of text that a terminal obeys or does not
// show. Lines end with a line feed, at a terminal with a carriage return before it.
func unseen(text string) string {
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		// The colours of a plan are ours.
		for _, colour := range []string{"\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m", "\x1b[0;22m", "\x1b[0;0m"} {
			line = strings.ReplaceAll(line, colour, "")
		}
		if !visible.Is(line) {
			return line
		}
	}
	return ""
}

// No text of a server reaches a terminal unquoted, by the commands and formats
// that are ours, and by standard error of all commands.
func TestHostileNamesDoNotReachATerminal(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range hostileNames {
		_, err := client.RoleAdd(t.Context(), name)
		must(err)
		_, err = client.RoleGrantPermission(t.Context(), name, name, clientv3.GetPrefixRangeEnd(name), clientv3.PermissionType(clientv3.PermReadWrite))
		must(err)
		_, err = client.RoleGrantPermission(t.Context(), name, name+"/*", "", clientv3.PermissionType(clientv3.PermWrite))
		must(err)
		_, err = client.UserAddWithOptions(t.Context(), name, "", &clientv3.UserAddOptions{NoPassword: true})
		must(err)
		_, err = client.UserGrantRole(t.Context(), name, name)
		must(err)
		for _, key := range []string{name, name + "/" + name} {
			_, err = client.Put(t.Context(), key, name)
			must(err)
		}
	}
	home := t.TempDir()
	// What is in a policy file is not trusted either.
	quote := func(s string) string { text, _ := json.Marshal(s); return string(text) }
	policyOf := func(name string) string {
		return fmt.Sprintf("apiVersion: ectl/v1\nroles:\n  %[1]s: [{access: read, key: %[1]s}]\nusers:\n  %[1]s: {roles: [%[1]s], password: {env: %[1]s}}\nwaive: [{rule: wildcard, object: %[1]s, reason: %[1]s}]\n", quote(name))
	}
	one := hostileNames[1]
	files := map[string]string{
		"policy.yaml":  policyOf(one),
		"wrong.yaml":   fmt.Sprintf("apiVersion: ectl/v1\nroles:\n  a: [{access: %[1]s}]\n  b: [{%[1]s: x}]\nusers:\n  c: {roles: [%[1]s]}\nexpect: [%[1]s]\n%[1]s: 1\n", quote(one)),
		"test.yaml":    fmt.Sprintf("apiVersion: ectl/v1\nroles: {}\nusers: {c: {roles: []}}\nexpect: [%s]\n", quote("c can read "+one)),
		one + ".yaml":  "apiVersion: 7\n",
		"notyaml.yaml": "a: b: c\n\x1b",
	}
	for name, content := range files {
		must(os.WriteFile(filepath.Join(home, name), []byte(content), 0o600))
	}
	type line struct {
		args      []string
		ourStdout bool // standard output is ours to word, in every format
	}
	var lines []line
	add := func(ourStdout bool, args ...string) { lines = append(lines, line{args, ourStdout}) }
	formats := []string{"simple", "csv", "table", "yaml", "json", "markdown"}
	for i, name := range hostileNames {
		ours := [][]string{
			{"rbac", "can-i", "read", name, "--as", name},
			{"rbac", "who-can", "read", name, "-w", formats[i%len(formats)]},
			{"user", "check-password", name},
			{"user", "add", name + "2", "--no-password", "--roles", "no" + name},
			{"role", "add", name, "--if-not-exists", "--key", name, "--read"},
			{"user", "offboard", name},
		}
		etcdctls := [][]string{
			{"user", "get", name + "x"},
			{"role", "get", "no" + name},
			{"user", "grant-role", name, "no" + name},
			{"user", "add", name, "--no-password", "--if-not-exists"},
			{"lease", "revoke", name},
			{"get", "k", "-w", name},
			{"get", "k", "--" + name},
			{name},
			{"user", name},
			{"help", name},
			{"member", "list", "--endpoints", name, "--command-timeout", "100ms"},
			{"watch", name, "x" + name, "--rev", name},
			{"snapshot", "save", name + "/" + name},
			{"get", "k", "--cacert", name},
			{"get", "k", "--user", name, "--password-file", name},
		}
		// A part of the names with each command, since there are many.
		for j, args := range slices.Concat(ours, etcdctls) {
			if i == 1 || (i+j)%4 == 0 {
				add(j < len(ours), args...)
			}
		}
	}
	for _, format := range []string{"simple", "fields", "json", "table", "yaml", "ndjson", "csv", "markdown"} {
		for _, command := range []string{"rbac matrix", "rbac lint", "rbac plan -f policy.yaml --prune"} {
			if format != "markdown" || command == "rbac matrix" || command == "rbac lint" {
				add(true, words(command+" -w "+format)...)
			}
		}
		if format == "markdown" {
			continue
		}
		for _, command := range []string{"ls", "ls --long", "du", "rbac export", "whoami"} {
			add(true, words(command+" -w "+format)...)
		}
		if format == "yaml" || format == "ndjson" || format == "csv" {
			for _, command := range []string{"get --prefix ", "user list", "role list"} {
				add(true, append(strings.Split(command, " "), "-w", format)...)
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		add(true, "rbac", "lint", "-f", file)
		add(true, "rbac", "test", "-f", file)
		add(true, "rbac", "plan", "-f", file)
	}
	add(true, words("rbac apply -f policy.yaml --yes --prune")...)
	// Those that change something come last, as they are in the list.
	changes := func(l line) bool { return slices.Contains(l.args, "offboard") || slices.Contains(l.args, "apply") }
	slices.SortStableFunc(lines, func(a, b line) int {
		switch {
		case changes(a) == changes(b):
			return 0
		case changes(a):
			return 1
		}
		return -1
	})
	env := harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint(), "TERM=xterm")
	for _, l := range lines {
		shown, stderr := harness.RunAtTerminal(t, home, env, l.args)
		if !l.ourStdout {
			shown = "" // etcdctl's
		}
		for _, text := range []string{shown, stderr} {
			if bad := unseen(text); bad != "" {
				t.Errorf("%q shows %q", l.args, bad)
			}
			if strings.Contains("\n"+text, "\nError: etcdserver: forged") {
				t.Errorf("%q lets a name forge a line: %q", l.args, text)
			}
		}
	}
}
