package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A policy on standard input leaves the terminal for the question.
func TestApplyAsksOnTheTerminalWhileAPolicyComesFromAPipe(t *testing.T) {
	c := harness.NewCluster(t, etcdserver.Options{})
	if err := os.WriteFile(filepath.Join(c.Home, "p.yaml"), []byte("apiVersion: ectl/v1\nroles: {app: [{access: read, prefix: /app/}]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	apply := func(answer string) harness.Result {
		return harness.Run(t, harness.Command{
			Program: "/bin/sh", Args: []string{"-c", `cat p.yaml | "` + harness.Ectl() + `" rbac apply -f - 2>/dev/tty`},
			Env: harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint()), Dir: c.Home,
			Terminal: []harness.Answer{{Prompt: "Apply it? (yes/no): ", Typed: answer + "\n"}},
		})
	}
	if r := apply("no"); r.Status != "1" || !strings.Contains(r.Terminal, "not confirmed: nothing was changed") {
		t.Errorf("the answer no: status %s, terminal %q", r.Status, r.Terminal)
	}
	if r := apply("yes"); r.Status != "0" {
		t.Errorf("the answer yes: status %s, terminal %q", r.Status, r.Terminal)
	}
	if roles := c.MustRunAt(c.Endpoint(), "role", "list"); roles != "app\n" {
		t.Errorf("the roles are %q", roles)
	}
}
