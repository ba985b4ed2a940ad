package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// onOneTerminal runs ours with standard output and standard error on one terminal,
// and returns all that was written to it, in order.
func onOneTerminal(t *testing.T, c *harness.Cluster, status string, args ...string) string {
	t.Helper()
	terminal := harness.NewTerminal(t, 50, 300)
	cmd := exec.CommandContext(t.Context(), harness.Ectl(), args...)
	cmd.Dir, cmd.Env = c.Home, harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint())
	cmd.Stdout, cmd.Stderr = terminal.TTY, terminal.TTY
	terminal.Start(cmd)
	got := terminal.End()
	text := strings.ReplaceAll(terminal.String(), "\r\n", "\n")
	if got != "status "+status {
		t.Errorf("%v ends with %s: %s", args, got, text)
	}
	return text
}

// Between the beginning of a document, which has a generated password, and its rest
// nothing else is written to the terminal.
func TestNothingIsSaidWithinALineOfTheOutput(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	c.MustRunAt(c.Endpoint(), "user", "add", "bob:secret")
	const warning = "Warning: authentication is off, so the new password was not verified"
	for _, format := range []string{"json", "ndjson", "csv", "yaml", "simple"} {
		text := onOneTerminal(t, c, "0", "user", "passwd", "bob", "--generate-password", "-w", format)
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		said := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, warning) })
		if said < 0 {
			t.Errorf("-w %s: no line begins with the warning: %q", format, text)
			continue
		}
		if document := strings.Join(slices.Delete(lines, said, said+1), "\n"); readable(format, document) != nil || generated.FindString(document) == "" {
			t.Errorf("-w %s: the terminal has %q", format, text)
		}
	}

	// A bar that shows progress is not drawn over the password.
	var policy strings.Builder
	policy.WriteString("apiVersion: ectl/v1\nusers: {gen: {password: {generate: true}}}\nroles:\n")
	for i := range 60 {
		fmt.Fprintf(&policy, "  role%d: []\n", i)
	}
	writeSecret(t, c.Home, "policy.yaml", policy.String())
	text := onOneTerminal(t, c, "0", "rbac", "apply", "-f", "policy.yaml", "--yes", "--quiet", "-w", "json")
	if !json.Valid([]byte(text)) {
		t.Errorf("apply writes %q", text)
	}
}
