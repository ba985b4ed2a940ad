package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// contextsHome is a home folder with contexts.
type contextsHome struct {
	t    *testing.T
	home string
}

func newContextsHome(t *testing.T) contextsHome {
	t.Helper()
	return contextsHome{t, t.TempDir()}
}

// run runs the program without a terminal.
func (h contextsHome) run(args ...string) harness.Result {
	h.t.Helper()
	return harness.Run(h.t, harness.Command{Program: harness.Ectl(), Args: args, Dir: h.home, Env: harness.Env(h.home)})
}

// mustRun runs the program, which must succeed, and returns its standard output.
func (h contextsHome) mustRun(args ...string) string {
	h.t.Helper()
	r := h.run(args...)
	if r.Status != "0" {
		h.t.Fatalf("%v: status %s: %s", args, r.Status, r.Stderr)
	}
	return r.Stdout
}

func (h contextsHome) file() string { return filepath.Join(h.home, ".config/ectl/contexts.yaml") }

func TestWhatDestroysInAProtectedContextNeedsItsName(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	h := newContextsHome(t)
	if err := os.WriteFile(filepath.Join(h.home, "pw"), []byte("rootpw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.home, "p.yaml"), []byte("apiVersion: ectl/v1\nroles: {}\nusers: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.mustRun("context", "add", "prod", "--endpoints", c.Endpoint(), "--user", "root", "--password-file", "pw", "--protected")
	h.mustRun("context", "add", "plain", "--endpoints", c.Endpoint(), "--user", "root", "--password-file", "pw")
	plain := func(line string) string { return h.mustRun(append([]string{"--context", "plain"}, words(line)...)...) }
	plain("role add ops")
	plain("role add spare")
	plain("role grant-permission ops readwrite /a")
	plain("user add bob:pw")
	plain("user grant-role bob ops")
	for i := range 3 {
		plain(fmt.Sprintf("put /a/%d v", i))
	}
	lease := strings.Fields(plain("lease grant 1000"))[1]
	plain("put leased v --lease=" + lease)
	member, _, _ := strings.Cut(plain("member list"), ",")

	destroys := []struct{ line, hits string }{
		{"del /a/ --prefix", "delete 3 keys: prefix /a/"},
		{"del --prefix /a/ --yes", "delete 3 keys: prefix /a/"},
		{"del /a/0 /a/2", "delete 2 keys: [/a/0, /a/2)"},
		{"user delete bob", "delete user bob with the role ops"},
		{"user offboard bob", "offboard user bob with the role ops"},
		{"user revoke-role bob ops", "revoke role ops from user bob"},
		{"role delete ops", "delete role ops with 1 permission of the user bob"},
		{"role revoke-permission ops /a", "revoke key /a from role ops of the user bob"},
		{"lease revoke " + lease, "revoke lease " + lease + " and delete the key leased"},
		{"member remove " + member, "remove member " + member},
		{"compaction 2", "compact the key history before revision 2"},
		{"auth disable", "disable authentication: anyone who reaches the endpoints may do anything"},
		{"rbac apply -f p.yaml --prune --yes", "apply this plan, which takes access away"},
	}
	before := plain("rbac export") + plain("get --from-key a")
	for _, d := range destroys {
		t.Run(d.line, func(t *testing.T) {
			args := append([]string{"--context", "prod"}, words(d.line)...)
			without := h.run(args...)
			if without.Status != "128" || !strings.Contains(without.Stderr, "the context prod is protected") || !strings.Contains(without.Stderr, "--confirm prod") {
				t.Errorf("without a terminal: status %s: %s", without.Status, without.Stderr)
			}
			if other := h.run(append(args, "--confirm", "plain")...); other.Status != "128" || !strings.Contains(other.Stderr, "the context in use is prod") {
				t.Errorf("with another name: status %s: %s", other.Status, other.Stderr)
			}
			asked := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Args: args, Dir: h.home, Env: harness.Env(h.home),
				Terminal: []harness.Answer{{Prompt: "type its name to continue: ", Typed: "yes\n"}},
			})
			if asked.Status != "1" || !strings.Contains(asked.Terminal, "About to "+d.hits) || !strings.Contains(asked.Terminal+asked.Stderr, "not confirmed: nothing was changed") {
				t.Errorf("at a terminal: status %s: %q, %s; want %q", asked.Status, asked.Terminal, asked.Stderr, d.hits)
			}
		})
	}
	if after := plain("rbac export") + plain("get --from-key a"); after != before {
		t.Errorf("what was not confirmed has changed something:\n%s\nwas\n%s", after, before)
	}
	for _, line := range []string{"get /a/ --prefix", "put x y", "del x", "del /a/ --prefix --dry-run", "user delete bob --dry-run", "role add new", "del /nothing/ --prefix --confirm prod"} {
		if r := h.run(append([]string{"--context", "prod"}, words(line)...)...); r.Status != "0" {
			t.Errorf("%s destroys nothing: status %s: %s", line, r.Status, r.Stderr)
		}
	}
	named := harness.Run(t, harness.Command{
		Program: harness.Ectl(), Args: words("--context prod user delete bob"), Dir: h.home, Env: harness.Env(h.home),
		Terminal: []harness.Answer{{Prompt: "type its name to continue: ", Typed: "prod\n"}},
	})
	if named.Status != "0" {
		t.Errorf("with the name at a terminal: status %s: %s", named.Status, named.Terminal)
	}
	h.mustRun(words("--context prod role delete ops --confirm prod")...)
	h.mustRun(words("--context prod rbac apply -f p.yaml --prune --confirm prod")...)
	if roles := plain("role list"); strings.Contains(roles, "ops") || strings.Contains(roles, "spare") {
		t.Errorf("the roles are %q", roles)
	}
	script := filepath.Join(h.home, "script")
	if err := os.WriteFile(script, []byte("put /a/9 v\ndel /a/ --prefix\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := h.run("--context", "prod", "run", script); r.Status != "128" || !strings.Contains(r.Stderr, "script:2: del /a/ --prefix: the context prod is protected") {
		t.Errorf("a script: status %s: %s", r.Status, r.Stderr)
	}
	h.mustRun("--context", "prod", "run", "--confirm", "prod", script)
}

func TestFiftyContextsAtOnce(t *testing.T) {
	t.Parallel()
	const count = 50
	c := harness.NewCluster(t, etcdserver.Options{})
	dead := harness.NewClosingEndpoint(t)
	h := newContextsHome(t)
	var text strings.Builder
	for n := range count {
		endpoint := c.Endpoint()
		if n == 7 {
			endpoint = "http://" + dead.Address
		}
		fmt.Fprintf(&text, "---\nname: c%02d\nendpoints: [%s]\ncommand-timeout: 30s\n", n, endpoint)
	}
	text.WriteString("---\nname: other\nendpoints: [" + c.Endpoint() + "]\n")
	if err := os.MkdirAll(filepath.Dir(h.file()), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.file(), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c.MustRunAt(c.Endpoint(), "put", "k", "v")
	var want strings.Builder
	for n := range count {
		if n != 7 {
			fmt.Fprintf(&want, "c%02d | k\nc%02d | v\n", n, n)
		}
	}
	got := h.run("each", "c*", "--parallel", "16", "--command-timeout", "10s", "--", "get", "k")
	if got.Stdout != want.String() {
		t.Errorf("each prints\n%s\nwant\n%s", got.Stdout, want.String())
	}
	if got.Status == "0" || !strings.Contains(got.Stderr, "c07 | Error: ") || !strings.HasSuffix(got.Stderr, "Error: 1 of 50 contexts did not succeed: c07\n") {
		t.Errorf("status %s, stderr %s", got.Status, got.Stderr)
	}
	objects := h.run("each", "c*", "-w", "ndjson", "--command-timeout", "10s", "--", "get", "k")
	lines := strings.Split(strings.TrimSpace(objects.Stdout), "\n")
	if len(lines) != count {
		t.Fatalf("each -w ndjson prints %d objects, want %d: %s", len(lines), count, objects.Stdout)
	}
	for n, line := range lines {
		var object struct {
			Context, Key, Error string
			Status              int
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil || object.Context != fmt.Sprintf("c%02d", n) || (object.Error != "") != (n == 7) || (object.Key == "k") != (n != 7) {
			t.Errorf("object %d is %s, %v", n, line, err)
		}
	}
	// A document of several contexts cannot name them.
	for _, format := range []string{"yaml", "json", "csv", "protobuf"} {
		for _, line := range []string{"each c0[0-5] -- user list -w " + format, "each c0[0-5] -w " + format + " -- user list"} {
			if r := h.run(words(line)...); r.Status != "4" || r.Stdout != "" || !strings.Contains(r.Stderr, format) || !strings.Contains(r.Stderr, "ndjson") {
				t.Errorf("%s: status %s, %q, %s", line, r.Status, r.Stdout, r.Stderr)
			}
		}
	}
	for line, want := range map[string]string{
		"each c0[0-2] -- del k --prefix":             "destroys something in 3 contexts: give --confirm 3",
		"each c0[0-2] --confirm 2 -- del k --prefix": "3 contexts match",
		"each nothing -- get k":                      `no context matches "nothing"`,
		"each c00 -- nonsense":                       "nonsense",
		"each c00 get k":                             "takes patterns, then -- and a command",
		"each c00 --endpoints x -- get k":            "each context has endpoints of its own",
		"each c00 -- get k --context other":          "the command runs in the contexts that match",
		"each c00 -- version":                        "cannot run in several contexts",
		"each c00 -- get k --nonsense":               "nonsense",
	} {
		if r := h.run(words(line)...); r.Status == "0" || r.Stdout != "" || !strings.Contains(r.Stderr, want) {
			t.Errorf("%s: status %s, %q, %s; want %q", line, r.Status, r.Stdout, r.Stderr, want)
		}
	}
	for line, want := range map[string]string{
		"__complete each c00 -- member upd": "update\t", "__complete each c00 -- get": "get\t", "__complete each oth": "other\n",
		"__complete each --parallel 2 c00 -- get k": "k\n",
	} {
		if out := h.mustRun(words(line)...); !strings.Contains("\n"+out, "\n"+want) {
			t.Errorf("%s prints %q, want %q", line, out, want)
		}
	}
	if out := h.mustRun(words("each c0[0-2] --confirm 3 -- del k --prefix")...); out != "c00 | 1\nc01 | 0\nc02 | 0\n" && strings.Count(out, "| 1\n") != 1 {
		t.Errorf("the confirmed deletion prints %q", out)
	}
}

// Of several failures, the highest status counts, wherever it stands.
func TestEachEndsWithTheHighestStatus(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	h := newContextsHome(t)
	for name, password := range map[string]string{"good": "rootpw", "wrong": "other", "unset": ""} {
		args := []string{"context", "add", name, "--endpoints", c.Endpoint()}
		if password != "" {
			if err := os.WriteFile(filepath.Join(h.home, password), []byte(password+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "--user", "root", "--password-file", password)
		}
		h.mustRun(args...)
	}
	// 0, 1 without a user, 2 if the login is refused.
	for line, want := range map[string]string{
		"each good -- user list": "0", "each good unset -- user list": "1", "each wrong unset good -- user list": "2",
		"each unset wrong -- user list": "2", "each --parallel 1 unset wrong good -- user list": "2", "each wrong -- user list": "2",
	} {
		for _, format := range []string{"simple", "ndjson"} {
			r := h.run(append([]string{"-w", format}, words(line)...)...)
			if r.Status != want {
				t.Errorf("%s ends with %s, want %s: %s", line, r.Status, want, r.Stderr)
			}
		}
	}
}

func TestWritersOfTheContextsFollowEachOther(t *testing.T) {
	t.Parallel()
	h := newContextsHome(t)
	const writers = 12
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			if r := h.run("context", "add", fmt.Sprintf("c%d", n), "--endpoints", "x:1"); r.Status != "0" {
				t.Errorf("status %s: %s", r.Status, r.Stderr)
			}
		})
	}
	group.Wait()
	if got := strings.Count(h.mustRun("context", "list", "-w", "ndjson"), "\n"); got != writers {
		t.Errorf("there are %d contexts, want %d", got, writers)
	}
	for from, args := range map[string][]string{"the context c1": {"context", "show", "c1"}, "--endpoints": {"context", "show", "c1", "--endpoints", "x:1"}} {
		if got := h.mustRun(append(args, "-w", "yaml")...); !strings.Contains(got, from) {
			t.Errorf("%v prints %s, want the endpoints from %s", args, got, from)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(h.file()), "*")); len(left) != 1 {
		t.Errorf("these files are left: %v", left)
	}
}

// A password that a context names is in no output, whatever happens.
func TestTheSecretOfAContextIsNeverShown(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: canary})
	h := newContextsHome(t)
	helpers := filepath.Join(h.home, "helpers")
	if err := os.Mkdir(helpers, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"pw":                                "#" + canary,
		"helpers/docker-credential-good":    "#!/bin/sh\nprintf '{\"Secret\":\"" + canary + "\"}'\n",
		"helpers/docker-credential-failing": "#!/bin/sh\nprintf '{\"Secret\":\"" + canary + "\"}'\nexit 1\n",
		"helpers/docker-credential-text":    "#!/bin/sh\necho " + canary + "\n",
	} {
		if name == "pw" {
			text = canary + "\n"
		}
		if err := os.WriteFile(filepath.Join(h.home, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(h.home, "pw"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(harness.Env(h.home), "PATH="+helpers+":"+os.Getenv("PATH"))
	run := func(status string, env []string, args ...string) {
		t.Helper()
		for _, debug := range [][]string{nil, {"--debug"}} {
			r := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: append(debug, args...), Dir: h.home, Env: env})
			if debug == nil && status != r.Status {
				t.Errorf("%v: status %s, want %s: %s", args, r.Status, status, r.Stderr)
			}
			searchFor(t, canary, "stdout", r.Stdout)
			searchFor(t, canary, "stderr", r.Stderr)
		}
		if text, err := os.ReadFile(h.file()); err == nil {
			searchFor(t, canary, "the file of the contexts", string(text))
		}
	}
	add := func(name string, args ...string) {
		t.Helper()
		h.mustRun(append([]string{"context", "add", name, "--endpoints", c.Endpoint(), "--user", "root"}, args...)...)
	}
	add("file", "--password-file", "pw")
	add("command", "--password-command", "cat pw")
	add("wrong", "--password-command", "tr a-z b-za <pw")
	add("fails", "--password-command", "cat pw; exit 3")
	for _, helper := range []string{"good", "failing", "text"} {
		add(helper, "--credential-helper", helper)
	}
	for name, status := range map[string]string{"file": "0", "command": "0", "good": "0", "wrong": "2", "fails": "128", "failing": "128", "text": "128"} {
		run(status, env, "--context", name, "get", "k")
		run("0", env, "context", "show", name)
	}
	run("0", env, "each", "file", "command", "good", "--", "get", "k")
	run("128", env, "context", "add", "x", "--user", "root:"+canary)
	run("128", env, "context", "add", "x", "--user", "root", "--password", canary)
	run("128", env, "context", "add", "x", "--auth-jwt-token", canary)
	run("128", env, "context", "add", "x", "--endpoints", "http://root:"+canary+"@localhost:1")
	run("0", append(env, "ETCDCTL_PASSWORD="+canary), "context", "add", "y", "--user", "root", "--replace")
	run("0", append(env, "ETCDCTL_USER=root:"+canary), "context", "add", "y", "--from-env", "--replace")
}

// On a full disk, the file of the contexts stays as it is.
func TestAFullDiskLeavesTheContexts(t *testing.T) {
	t.Parallel()
	h := newContextsHome(t)
	h.mustRun("context", "add", "first", "--endpoints", "x:1")
	before := harness.MustRead(t, h.file())
	// The shell limits the size of files, which fails like a full disk.
	r := harness.Run(t, harness.Command{
		Program: "/bin/sh", Args: []string{"-c", `trap "" XFSZ; ulimit -f 0; "$0" context add second --endpoints y:1`, harness.Ectl()},
		Dir: h.home, Env: harness.Env(h.home),
	})
	if r.Status != "6" || !strings.Contains(r.Stderr, "file too large") {
		t.Errorf("status %s: %s", r.Status, r.Stderr)
	}
	if after := harness.MustRead(t, h.file()); after != before {
		t.Errorf("the file is %q, was %q", after, before)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(h.file()), "*")); len(left) != 1 {
		t.Errorf("these files are left: %v", left)
	}
	h.mustRun("context", "add", "second", "--endpoints", "y:1")
}
