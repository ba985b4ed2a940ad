package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A person at a terminal sees that a list is empty, and what its columns are. A pipe gets
// the list alone.
func TestListsOnATerminal(t *testing.T) {
	c := harness.NewCluster(t, etcdserver.Options{})
	for _, test := range []struct {
		command, screen, piped string
	}{
		{"user list", "none\n", ""},
		{"role list", "none\n", ""},
		{"lease list", "found 0 leases\n", "found 0 leases\n"},
		{"alarm list", "none\n", ""},
		{"ls /none/", "none\n", ""},
		{"user list --quiet", "", ""},
		{"user list -w csv", "user\n", "user\n"},
		{"put /a/b c", "OK\n", "OK\n"},
		{"ls", "/a/\n", "/a/\n"},
		{
			"ls /a/ --long",
			"VERSION      SIZE            LEASE   REVISION  KEY\n      1         1                -          2  /a/b\n",
			"      1         1                -          2  /a/b\n",
		},
		{
			"du",
			"    SIZE      KEYS  PREFIX\n     5 B         1  every key\n     5 B         1  /a/\n",
			"     5 B         1  every key\n     5 B         1  /a/\n",
		},
	} {
		terminal := harness.NewTerminal(t, 24, 80)
		cmd := exec.Command(harness.Ectl(), strings.Fields(test.command)...)
		cmd.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint())
		terminal.Start(cmd)
		if end := terminal.End(); end != "status 0" {
			t.Errorf("%s ends with %q", test.command, end)
		}
		if got := strings.ReplaceAll(terminal.String(), "\r\n", "\n"); got != test.screen {
			t.Errorf("%s shows\n%s\nwant\n%s", test.command, got, test.screen)
		}
		if strings.HasPrefix(test.command, "put") {
			continue
		}
		if r := c.RunAt(c.Endpoint(), strings.Fields(test.command)...); r.Stdout != test.piped || r.Stderr != "" {
			t.Errorf("%s prints\n%s\nand on stderr %q, want\n%s", test.command, r.Stdout, r.Stderr, test.piped)
		}
	}
}
