package e2e

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A terminal shows the newest look only, of all members, and Ctrl-C ends it.
func TestEndpointsAreWatchedOnATerminal(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	dead := harness.RefusingEndpoint(t)
	cmd := exec.Command(harness.Ectl(), "endpoint", "status", "--watch", "100ms", "--command-timeout", "300ms")
	cmd.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint()+","+dead)
	terminal := harness.NewTerminal(t, 24, 80)
	terminal.Start(cmd)
	const emptyScreen = "\x1b[H\x1b[J"
	at := 0
	for range 3 {
		for _, text := range []string{emptyScreen + "endpoint status every 100ms, last at ", "Failed to get the status of endpoint " + dead, "m1 "} {
			at = terminal.MustShow(text, at)
		}
	}
	terminal.Type("\x03") // Ctrl-C
	if got := terminal.End(); got != "signal interrupt" {
		t.Errorf("after Ctrl-C it ends with %s", got)
	}
}

// Without a terminal each look is printed behind the one before.
func TestEndpointsAreWatchedWithoutATerminal(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	for _, test := range []struct {
		args string
		want []string // beginnings of lines
	}{
		{"status --watch 100ms", []string{c.Endpoint(), c.Endpoint(), c.Endpoint()}},
		{"health --watch 100ms -w ndjson", []string{"{", "{", "{"}},
		{"hashkv --watch 100ms -w yaml", []string{"endpoints:", "---", "endpoints:"}},
		{"status --watch 100ms -w csv", []string{"endpoint,", c.Endpoint(), c.Endpoint()}},
	} {
		cmd := exec.Command(harness.Ectl(), append([]string{"endpoint"}, strings.Fields(test.args)...)...)
		cmd.Env = harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint())
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for i := 0; i < len(test.want) && lines.Scan(); {
			line := lines.Text()
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "- ") { // inside a document
				continue
			}
			if !strings.HasPrefix(line, test.want[i]) {
				t.Errorf("endpoint %s: line %d is %q, want one that begins with %q", test.args, i, line, test.want[i])
			}
			i++
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, out)
		var ended *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &ended) {
			t.Errorf("endpoint %s: after a signal it ends with %v", test.args, err)
		}
	}
}
