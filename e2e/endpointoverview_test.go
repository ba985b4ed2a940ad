package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// On a terminal of 80 columns, --watch shows the overview by itself. A format that was
// chosen is kept.
func TestAWatchedStatusFitsTheTerminal(t *testing.T) {
	c := harness.NewCluster(t, etcdserver.Options{Members: 3})
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "MEMBER  "},
		{[]string{"-w", "simple"}, ", 3.7."},
	} {
		terminal := harness.NewTerminal(t, 24, 80)
		args := append([]string{"endpoint", "status", "--cluster", "--watch", "200ms"}, test.args...)
		cmd := exec.Command(harness.Ectl(), args...)
		cmd.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint())
		terminal.Start(cmd)
		at := terminal.MustShow("endpoint status every 200ms, last at ", 0)
		at = terminal.MustShow(test.want, at)
		at = terminal.MustShow("endpoint status every 200ms", at)
		terminal.Type("\x03")
		if end := terminal.End(); end != "signal interrupt" {
			t.Errorf("%q ends with %q", args, end)
		}
		if len(test.args) > 0 {
			continue
		}
		screen := terminal.String()[:at]
		for line := range strings.SplitSeq(strings.ReplaceAll(screen, "\x1b[H\x1b[J", ""), "\r\n") {
			if width := utf8.RuneCountInString(line); width > 80 {
				t.Errorf("a line has %d columns: %q", width, line)
			}
		}
		if n := strings.Count(screen, " ok  "); n < 3 || strings.Count(screen, " leader ") < 1 {
			t.Errorf("the screen does not show three healthy members and their leader:\n%s", screen)
		}
	}
}
