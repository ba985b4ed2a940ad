package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// endpointsIn are the endpoints at the beginnings of lines.
func endpointsIn(text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^(http://[0-9.:]+)[, ]`).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// Dead members cost one timeout in all, and what the others said is shown in
// the order in which they were asked.
func TestDeadEndpointsCostOneTimeout(t *testing.T) {
	c := harness.NewCluster(t, etcdserver.Options{Members: 3})
	all := c.Endpoints()
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	for _, order := range [][]string{all, backwards} {
		endpoints := strings.Join(order, ",")
		for _, command := range []string{"status", "health", "hashkv"} {
			if got := endpointsIn(c.MustRunAt(endpoints, "endpoint", command)); !slices.Equal(got, order) {
				t.Errorf("endpoint %s shows %q, was asked for %q", command, got, order)
			}
		}
	}

	// One refuses, one is there and silent: no majority is left.
	c.Members[0].Kill()
	if err := c.Members[1].Pause(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Members[1].Continue() })
	const timeout = 2 * time.Second
	for _, test := range []struct {
		command string
		shown   []string
	}{
		{"status", all[2:]},
		{"hashkv", all[2:]},
		{"health", nil}, // without a majority nothing is
	} {
		// Both would need two timeouts on any machine, if they were asked in turn.
		var r harness.Result
		harness.Retry(t, func() string {
			start := time.Now()
			r = c.RunAt(strings.Join(all, ","), "endpoint", test.command, "--command-timeout", timeout.String())
			if took := time.Since(start); took < timeout || took > 2*timeout {
				return fmt.Sprintf("endpoint %s took %s, one timeout is %s", test.command, took, timeout)
			}
			return ""
		})
		if r.Status != "1" || !slices.Equal(endpointsIn(r.Stdout), test.shown) {
			t.Errorf("endpoint %s: status %s, stdout %q, want 1 and the endpoints %q", test.command, r.Status, r.Stdout, test.shown)
		}
		for i, reason := range []string{"connection refused", "says nothing"} {
			if !regexp.MustCompile(regexp.QuoteMeta(all[i]) + ".*" + reason).MatchString(r.Stderr) {
				t.Errorf("endpoint %s does not say of %s that it %q:\n%s", test.command, all[i], reason, r.Stderr)
			}
		}
	}
	if r := c.RunAt(strings.Join(all, ","), "endpoint", "status", "--command-timeout", "1s", "-w", "ndjson"); strings.Count(r.Stdout, "\n") != 3 || r.Status != "1" {
		t.Errorf("endpoint status -w ndjson: status %s, stdout\n%s, want 1 and a line for each endpoint", r.Status, r.Stdout)
	}
}

// A login that fails at a dead member does not hide what the others say.
func TestALoginAtADeadEndpointIsReported(t *testing.T) {
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	r := c.RunAt(harness.RefusingEndpoint(t)+","+c.Endpoint(), "--user", "root:"+harness.RootPassword, "--dial-timeout", "500ms", "endpoint", "status")
	if r.Status != "2" || !slices.Equal(endpointsIn(r.Stdout), c.Endpoints()) || !strings.Contains(r.Stderr, "connection refused") {
		t.Errorf("status %s, stdout %q, stderr %q; want 2, the status of %s and the reason", r.Status, r.Stdout, r.Stderr, c.Endpoint())
	}
}
