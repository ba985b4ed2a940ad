package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Trying the password of each user takes long. A terminal shows how far it is, and
// nothing of that is left at the end.
func TestCheckingPasswordsShowsProgress(t *testing.T) {
	c := harness.NewCluster(t, etcdserver.Options{})
	var add strings.Builder
	for i := range 30 {
		fmt.Fprintf(&add, "%s user add u%02d:pw >&2 || exit\n", harness.Ectl(), i)
	}
	add.WriteString(harness.Ectl() + " user add root:pw && " + harness.Ectl() + " auth enable")
	setup := exec.Command("sh", "-c", add.String())
	setup.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint())
	if text, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, command := range []string{"rbac matrix --check-passwords -w csv", "user list --detail"} {
		var out strings.Builder
		terminal := harness.NewTerminal(t, 24, 80)
		cmd := exec.Command(harness.Ectl(), strings.Fields(command)...)
		cmd.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint(), "ETCDCTL_USER=root:pw")
		cmd.Stdout, cmd.Stderr = &out, terminal.TTY
		terminal.Start(cmd)
		if end := terminal.End(); end != "status 0" {
			t.Fatalf("%s ends with %q: %s", command, end, terminal)
		}
		if shown := terminal.String(); !strings.Contains(shown, "Trying passwords") || !strings.HasSuffix(shown, "\x1b[2K\r") {
			t.Errorf("%s shows %q, want its progress, and then an empty line", command, shown)
		}
		if strings.Count(out.String(), "u") < 30 || strings.Contains(out.String(), "Trying") {
			t.Errorf("%s prints\n%s", command, out.String())
		}
	}
}
