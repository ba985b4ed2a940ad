package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

func TestTheOutputGoesToTheSystemsShell(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "put", "k", "v")
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", []string{"PAGER=sed 's/^/paged: /'"})
	for _, test := range []struct{ line, want string }{
		{"get k | tr a-z A-Z", "K\nV"},
		{"get k > out", ""},
		{"get k --keys-only >> out", ""},
		{"role list", "none"}, // short output has no pager
		{`put 'a | b' "> c"`, "OK"},
		{"put k <<E", "OK"},
	} {
		line := test.line
		if strings.HasSuffix(line, "<<E") {
			s.Type(line + "\ra ${X}\rE\r")
			s.MustHave("E\nOK")
			s.Until("a prompt", s.atPrompt)
			continue
		}
		if got := s.do(line); got != test.want {
			t.Errorf("%s prints %q, want %q", line, got, test.want)
		}
	}
	if got := harness.MustRead(t, filepath.Join(c.Home, "out")); got != "k\nv\nk\n\n" {
		t.Errorf("the file has %q", got)
	}
	if got := s.do(`get "a | b"`); got != "a | b\n> c" {
		t.Errorf("get prints %q", got)
	}
	s.Type("help user add\r")
	s.MustHave("paged: Use \"ectl options\"")
	s.Until("a prompt", s.atPrompt)
	s.do(`\pager off`)
	s.Type("help user add\r")
	s.MustHave("\nUse \"ectl options\"")
}

func TestTheShellHasCommandsOfItsOwn(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	c.MustRunAt(c.Endpoint(), "--user", "root:rootpw", "user", "add", "alice:alicepw")
	editor := filepath.Join(c.Home, "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nsed -i s/list/add/ \"$1\"; sed -i 's/$/ ops/' \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	where := address(c.Endpoint())
	s := openShell(t, c.Home, c.Endpoint(), "root@"+where+">", []string{"EDITOR=" + editor}, "--user", "root:rootpw")
	s.do(`\set -w json`)
	if got := s.do("role list"); !strings.HasPrefix(got, `{"header"`) {
		t.Errorf("after \\set -w json, role list prints %q", got)
	}
	s.do(`\set -w simple`)
	s.do(`\time`)
	if got := s.do("role list"); !strings.Contains(got, "root\nTime: ") {
		t.Errorf("after \\time, role list prints %q", got)
	}
	s.do(`\time off`)
	s.do("role list")
	s.Type("\\e\r")
	s.typed("", "role add ops")
	s.Type("\r")
	s.MustHave("Role ops created")
	s.Until("a prompt", s.atPrompt)

	// A transaction, with a prompt for each part.
	s.Type("txn\r")
	s.MustHave("compares>")
	s.Type("version(\"k\") = \"0\"\r\r")
	s.MustHave("success requests (get, put, del)>")
	s.Type("put k v\r\r")
	s.MustHave("failure requests (get, put, del)>")
	s.Type("\r")
	s.MustHave("SUCCESS\n\nOK")
	s.Until("a prompt", s.atPrompt)

	// Another user. A failure leaves all as it was.
	s.Type("\\connect --user alice:wrong\r")
	s.MustHave("authentication failed")
	s.Until("a prompt", s.atPrompt)
	s.do("role list")
	s.Type("\\connect --user alice\r")
	s.MustHave("Password:")
	s.Type("alicepw\r")
	s.prompt = "alice@" + where + ">"
	s.MustHaveRow(s.prompt)
	if got := s.do("role list"); !strings.Contains(got, "permission denied") {
		t.Errorf("as alice, role list prints %q", got)
	}
	if got := s.do("exitt"); !strings.Contains(got, "unknown command") {
		t.Errorf("an unknown command prints %q", got)
	}
	if history := harness.MustRead(t, filepath.Join(c.Home, ".local", "state", "ectl", "history")); strings.Contains(history, "exitt") || strings.Contains(history, "wrong") || strings.Contains(history, "alicepw") {
		t.Errorf("the history has %q", history)
	}
}

func TestTheShellAsksBeforeItDestroysAndTakesBack(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	for _, step := range []struct{ line, undo string }{
		{"role add ops", "role delete ops"},
		{"role grant-permission ops read /a/ --prefix", "role revoke-permission ops /a/ --prefix"},
		{"role grant-permission ops readwrite /a/ --prefix", "role grant-permission ops read /a/ --prefix"},
		{"user add bob --no-password", "user delete bob"},
		{"user grant-role bob ops", "user revoke-role bob ops"},
	} {
		s.do(step.line)
		s.Type("\\undo\r")
		s.typed("", step.undo)
		s.Type("\x15")
		s.MustHaveRow(s.prompt)
	}
	s.Type("user revoke-role bob ops\r")
	s.MustHave("About to")
	s.Type("n\r")
	s.MustHave("not confirmed: nothing was changed")
	s.Until("a prompt", s.atPrompt)
	s.Type("user revoke-role bob ops\r")
	s.Until("the question again", func() bool { return strings.HasSuffix(s.Row(), "(y/N):") })
	s.Type("y\r")
	s.MustHave("Role ops is revoked from user bob")
	s.Until("a prompt", s.atPrompt)
	s.Type("\\undo\r")
	s.typed("", "user grant-role bob ops")
	s.Type("\r")
	s.MustHave("Role ops is granted to user bob")
	s.Until("a prompt", s.atPrompt)
	s.Type("del --prefix /\r")
	s.MustHave("About to")
	s.Type("\x03")
	s.Until("a prompt", s.atPrompt)
}

// After "rbac apply", \undo shows what takes back an addition, or applies the backup. Without
// a backup, nothing takes back what was replaced or removed.
func TestThePolicyThatWasAppliedIsTakenBack(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	for name, text := range map[string]string{
		"adds":  "roles: {app: [{prefix: /a/, access: read}]}\nusers: {alice: {password: none, roles: [app]}}\n",
		"less":  "roles: {}\nusers: {alice: {}}\n",
		"none":  "roles: {}\nusers: {}\n",
		"other": "roles: {app: [{prefix: /a/, access: readwrite}]}\n",
	} {
		if err := os.WriteFile(filepath.Join(c.Home, name), []byte("apiVersion: ectl/v1\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := openShell(t, c.Home, c.Endpoint(), address(c.Endpoint())+"!>", nil)
	policy := func() string { return c.MustRunAt(c.Endpoint(), "rbac", "export") }
	s.do("rbac apply -f adds --yes")
	added := policy()
	s.Type("\\undo\r")
	for _, line := range []string{"user revoke-role alice app", "user delete alice", "role delete app"} {
		s.MustHave(line) // users and roles are added at the same time, so their order varies
	}
	s.Type("\x03")
	s.Until("a prompt", s.atPrompt)
	s.do("rbac apply -f less --prune --yes --backup before")
	if got := policy(); strings.Contains(got, "app") {
		t.Errorf("the policy leaves\n%s", got)
	}
	s.Type("\\undo\r")
	s.typed("", "rbac apply -f before --prune")
	s.Type("\r")
	s.MustHave("Apply it? (yes/no):")
	s.Type("yes\r")
	s.Until("a prompt", s.atPrompt)
	if got := policy(); got != added {
		t.Errorf("the backup restores\n%s\nwant\n%s", got, added)
	}
	for line, reason := range map[string]string{
		"rbac apply -f other --yes":                   "has removed or replaced something; --backup",
		"rbac apply -f none --prune --yes --backup b": "it has deleted users, whose passwords cannot be read",
	} {
		s.do("rbac apply -f adds --yes --prune")
		s.do(line)
		if got := strings.ReplaceAll(s.do(`\undo`), "\n", ""); !strings.Contains(got, reason) {
			t.Errorf("after %s, \\undo prints %q, want %q", line, got, reason)
		}
	}
}
