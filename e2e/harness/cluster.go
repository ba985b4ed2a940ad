package harness

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Cluster is a running server. It also runs ectl against this server.
type Cluster struct {
	*etcdserver.Server
	// Home is the home and working directory of ectl.
	Home string

	t *testing.T
}

// NewCluster starts a server that runs until the test ends.
func NewCluster(t *testing.T, options etcdserver.Options) *Cluster {
	t.Helper()
	options.Dir = t.TempDir()
	return &Cluster{Server: StartServer(t, options), t: t, Home: t.TempDir()}
}

// RunAt runs ectl with these endpoints.
func (c *Cluster) RunAt(endpoints string, args ...string) Result {
	c.t.Helper()
	return Run(c.t, Command{
		Program: Ectl(),
		Args:    args,
		Env:     Env(c.Home, "ETCDCTL_ENDPOINTS="+endpoints),
		Dir:     c.Home,
	})
}

// MustRunAt is RunAt for a command that must succeed. It returns standard output.
func (c *Cluster) MustRunAt(endpoints string, args ...string) string {
	c.t.Helper()
	r := c.RunAt(endpoints, args...)
	if r.Status != "0" {
		c.t.Fatalf("ectl %s: status %s\n%s%s", strings.Join(args, " "), r.Status, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// RunUntil runs ectl until it succeeds, and returns standard output. It retries while
// standard error contains reason. It fails the test after another error or after
// HangTimeout.
func (c *Cluster) RunUntil(reason, endpoints string, args ...string) string {
	c.t.Helper()
	for deadline := time.Now().Add(HangTimeout); ; time.Sleep(100 * time.Millisecond) {
		r := c.RunAt(endpoints, args...)
		if r.Status == "0" {
			return r.Stdout
		}
		if !strings.Contains(r.Stderr, reason) || time.Now().After(deadline) {
			c.t.Fatalf("ectl %s: status %s\n%s", strings.Join(args, " "), r.Status, r.Stderr)
		}
	}
}

var settingPattern = regexp.MustCompile(`(?m)^(ETCD_[A-Z_]+)=(".*")$`)

// MemberSettings returns the settings of a new member from the output of "member add".
// Each has the form NAME=VALUE. It returns an error unless there are four.
func MemberSettings(added string) ([]string, error) {
	var settings []string
	for _, m := range settingPattern.FindAllStringSubmatch(added, -1) {
		value, err := strconv.Unquote(m[2])
		if err != nil {
			return nil, err
		}
		settings = append(settings, m[1]+"="+value)
	}
	if len(settings) != 4 {
		return nil, fmt.Errorf("member add prints the settings %q, want 4", settings)
	}
	return settings, nil
}

// MustClient returns a client that is closed when the test ends.
func (c *Cluster) MustClient() *clientv3.Client {
	c.t.Helper()
	client, err := c.Client("", "")
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { client.Close() })
	return client
}
