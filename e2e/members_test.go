package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// cluster is a running server and our program, which talks to it.
type cluster struct {
	*etcdserver.Server
	t   *testing.T
	tmp string
}

func newCluster(t *testing.T, options etcdserver.Options) *cluster {
	t.Helper()
	options.Dir = t.TempDir()
	return &cluster{Server: startServerFor(t, options), t: t, tmp: t.TempDir()}
}

// at runs ours with these endpoints.
func (c *cluster) at(endpoints string, args ...string) harness.Result {
	c.t.Helper()
	return harness.Run(c.t, harness.Command{
		Program: harness.Ectl(),
		Args:    args,
		Env:     harness.Env(c.tmp, "ETCDCTL_ENDPOINTS="+endpoints),
		Dir:     c.tmp,
	})
}

// mustAt is at for a command that has to succeed. It returns stdout.
func (c *cluster) mustAt(endpoints string, args ...string) string {
	c.t.Helper()
	r := c.at(endpoints, args...)
	if r.Status != "0" {
		c.t.Fatalf("ectl %s: status %s\n%s%s", strings.Join(args, " "), r.Status, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// until runs ours until it no longer fails with this reason. It returns stdout.
func (c *cluster) until(reason, endpoints string, args ...string) string {
	c.t.Helper()
	for deadline := time.Now().Add(harness.HangTimeout); ; time.Sleep(100 * time.Millisecond) {
		r := c.at(endpoints, args...)
		if r.Status == "0" {
			return r.Stdout
		}
		if !strings.Contains(r.Stderr, reason) || time.Now().After(deadline) {
			c.t.Fatalf("ectl %s: status %s\n%s", strings.Join(args, " "), r.Status, r.Stderr)
		}
	}
}

var settingPattern = regexp.MustCompile(`(?m)^(ETCD_[A-Z_]+)=(".*")$`)

// settingsOf are the settings of a new member, NAME=VALUE each, in what "member
// add" printed.
func settingsOf(added string) ([]string, error) {
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

// A new member that is started with what "member add" printed joins the
// cluster, as a learner first, and leaves it again.
func TestMemberJoinsAndLeaves(t *testing.T) {
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, etcdserver.Options{Version: version})
			spare, err := c.Spare("the new one")
			if err != nil {
				t.Fatal(err)
			}
			first := c.Endpoints()[0]
			run := func(args ...string) string { return c.mustAt(first, args...) }
			added := run("member", "add", spare.Name, "--peer-urls", spare.PeerURL, "--learner")
			id := regexp.MustCompile(`^Member +([0-9a-f]+) added as learner to cluster `).FindStringSubmatch(added)
			if id == nil {
				t.Fatalf("member add prints %q", added)
			}
			settings, err := settingsOf(added)
			if err != nil {
				t.Fatal(err)
			}
			if list := run("member", "list"); !strings.Contains(list, id[1]+", unstarted, , "+spare.PeerURL+", , true\n") {
				t.Errorf("member list of a member that was never started is\n%s", list)
			}
			if err := spare.Join(t.Context(), settings); err != nil {
				t.Fatal(err)
			}
			// The leader refuses until the learner has caught up.
			c.until("in sync with leader: it has not caught up yet", first, "member", "promote", id[1])
			want := id[1] + ", started, the new one, " + spare.PeerURL + ", " + spare.ClientURL + ", false\n"
			if list := run("member", "list"); !strings.Contains(list, want) {
				t.Errorf("member list is\n%s, want the line %s", list, want)
			}
			run("put", "k", "v")
			if got := c.mustAt(spare.ClientURL, "get", "k"); got != "k\nv\n" {
				t.Errorf("the new member says %q", got)
			}
			// The leader refuses until all members were connected for five seconds.
			if removed := c.until("unhealthy cluster: the members change only while", first, "member", "remove", id[1]); !strings.Contains(removed, "removed from cluster") {
				t.Errorf("member remove prints %q", removed)
			}
			if list := run("member", "list"); strings.Count(list, "\n") != 1 {
				t.Errorf("after member remove the members are\n%s", list)
			}
		})
	}
}
