package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/nasty"
	"github.com/ectl-io/ectl/internal/visible"
)

// What rbac lint tells an administrator to run does what it should in each shell
// that they may have, whatever the role and the key are called, and nothing else.
func TestMendsOfHostileNamesMendInEveryShell(t *testing.T) {
	t.Parallel()
	names, err := nasty.Names(2, 0)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := nasty.Keys(2, 0)
	if err != nil {
		t.Fatal(err)
	}
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	// A role has two grants, one of which is superfluous, and a user holds it.
	if _, err := client.UserAddWithOptions(t.Context(), "holder", "", &clientv3.UserAddOptions{NoPassword: true}); err != nil {
		t.Fatal(err)
	}
	shells := []string{"bash", "zsh", "dash", "fish"}
	shellOf := map[string]string{} // each has a quarter of the names, since there are many
	for i, name := range names {
		key := keys[len(names)+i]
		shellOf[name] = shells[i%len(shells)]
		if _, err := client.RoleAdd(t.Context(), name); err != nil {
			t.Fatalf("add the role %q: %v", name, err)
		}
		for _, end := range []string{"", clientv3.GetPrefixRangeEnd(key)} {
			if _, err := client.RoleGrantPermission(t.Context(), name, key, end, clientv3.PermissionType(clientv3.PermRead)); err != nil {
				t.Fatalf("grant %q on %q: %v", name, key, err)
			}
		}
		if _, err := client.UserGrantRole(t.Context(), "holder", name); err != nil {
			t.Fatal(err)
		}
	}
	mends := map[string]string{} // of a shell, its script
	unspeakable := 0
	for _, found := range findingsOf(t, server, "shadowed-grant") {
		name := strings.TrimPrefix(found.Object, "role ")
		if len(found.Mend) == 0 {
			unspeakable++
			if !strings.HasSuffix(name, "\n") || !strings.Contains(found.Why, "cannot be written in a command line") {
				t.Errorf("nothing mends the role %q: %s", name, found.Why)
			}
		}
		for _, line := range found.Mend {
			if !visible.Is(line) {
				t.Errorf("%q is not visible", line)
			}
			mends[shellOf[name]] += line + "\n"
		}
	}
	if unspeakable == 0 || unspeakable > 10 {
		t.Errorf("%d names have no command line", unspeakable)
	}
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip(shell + " is not installed")
			}
			dir := t.TempDir()
			r := harness.Run(t, harness.Command{Program: shell, Env: shellEnv(dir, server), Dir: dir, Stdin: mends[shell]})
			if r.Status != "0" || r.Stderr != "" {
				t.Errorf("%s ends with %s and says %.2000s", shell, r.Status, r.Stderr)
			}
			for name, its := range shellOf {
				if its != shell || strings.HasSuffix(name, "\n") {
					continue
				}
				role, err := client.RoleGet(t.Context(), name)
				if err != nil {
					t.Fatal(err)
				}
				if len(role.Perm) != 1 || len(role.Perm[0].GetRangeEnd()) == 0 {
					t.Errorf("after what mends it the role %q has %v", name, role.Perm)
				}
			}
			if left, err := filepath.Glob(filepath.Join(dir, "[^.]*")); err != nil || len(left) > 0 {
				t.Errorf("a name made files: %q, %v", left, err)
			}
		})
	}
}

// lintFinding is a finding of "rbac lint -w json".
type lintFinding struct {
	Rule, Object, Why string
	Mend              []string
}

func findingsOf(t *testing.T, server *etcdserver.Server, rule string) []lintFinding {
	t.Helper()
	r := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: words("rbac lint -w json"), Env: harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())})
	var lint struct{ Findings []lintFinding }
	if err := json.Unmarshal([]byte(r.Stdout), &lint); err != nil {
		t.Fatalf("%v: %s", err, r.Stderr)
	}
	return slices.DeleteFunc(lint.Findings, func(f lintFinding) bool { return f.Rule != rule })
}
