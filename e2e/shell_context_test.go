package e2e

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// \context changes where the shell is, and a protected context asks for its name.
func TestTheShellChangesItsContext(t *testing.T) {
	t.Parallel()
	first, second := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	for _, line := range []string{"dev --endpoints " + first.Endpoint(), "prod --protected --endpoints " + second.Endpoint()} {
		added := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: strings.Fields("context add " + line), Env: harness.Env(first.Home)})
		if added.Status != "0" {
			t.Fatalf("context add %s: %s", line, added.Stderr)
		}
	}
	second.MustRunAt(second.Endpoint(), "put", "where", "second")
	first.MustRunAt(first.Endpoint(), "put", "where", "first")
	s := openContextShell(t, first.Home, "dev")
	if s.IsRed("dev") {
		t.Error("the prompt of a context that is not protected is red")
	}
	if got := s.do("get where --print-value-only"); got != "first" {
		t.Errorf("in the first context, the key is %q", got)
	}
	s.prompt = "prod!>"
	s.do(`\context prod`)
	if !s.IsRed("prod") || s.IsRed(">") {
		t.Error("the prompt of a protected context is not red")
	}
	if got := s.do("get where --print-value-only"); got != "second" {
		t.Errorf("in the second context, the key is %q", got)
	}
	s.do("user add bob --no-password")
	s.Type("user delete bob\r")
	s.MustHave("The context prod is protected: type its name to continue:")
	s.Type("dev\r")
	s.MustHave("not confirmed: nothing was changed")
	if got := s.do("user list"); got != "bob" {
		t.Errorf("after a wrong name, the users are %q", got)
	}
	if got := s.do(`\context nosuch`); !strings.Contains(got, "nosuch") {
		t.Errorf("an unknown context: %q", got)
	}
	if got := s.do("get where --print-value-only"); got != "second" {
		t.Errorf("after an unknown context, the key is %q", got)
	}
}

// openContextShell opens a shell in a context.
func openContextShell(t *testing.T, home, name string) *shell {
	t.Helper()
	return startOnScreen(t, home, name+"!>", nil, "--context", name, "shell")
}
