package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A new member that is started with what "member add" printed joins the
// cluster, as a learner first, and leaves it again.
func TestMemberJoinsAndLeaves(t *testing.T) {
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCluster(t, etcdserver.Options{Version: version})
			spare, err := c.Spare("the new one")
			if err != nil {
				t.Fatal(err)
			}
			first := c.Endpoints()[0]
			run := func(args ...string) string { return c.MustRunAt(first, args...) }
			added := run("member", "add", spare.Name, "--peer-urls", spare.PeerURL, "--learner")
			id := regexp.MustCompile(`^Member +([0-9a-f]+) added as learner to cluster `).FindStringSubmatch(added)
			if id == nil {
				t.Fatalf("member add prints %q", added)
			}
			settings, err := harness.MemberSettings(added)
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
			c.RunUntil("in sync with leader: it has not caught up yet", first, "member", "promote", id[1])
			want := id[1] + ", started, the new one, " + spare.PeerURL + ", " + spare.ClientURL + ", false\n"
			if list := run("member", "list"); !strings.Contains(list, want) {
				t.Errorf("member list is\n%s, want the line %s", list, want)
			}
			run("put", "k", "v")
			if got := c.MustRunAt(spare.ClientURL, "get", "k"); got != "k\nv\n" {
				t.Errorf("the new member says %q", got)
			}
			// The leader refuses until all members were connected for five seconds.
			if removed := c.RunUntil("unhealthy cluster: the members change only while", first, "member", "remove", id[1]); !strings.Contains(removed, "removed from cluster") {
				t.Errorf("member remove prints %q", removed)
			}
			if list := run("member", "list"); strings.Count(list, "\n") != 1 {
				t.Errorf("after member remove the members are\n%s", list)
			}
		})
	}
}

func TestMembersAreGivenByName(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{Members: 3})
	endpoints := strings.Join(c.Endpoints(), ",")
	// A member has its name in the list only some time after it answers.
	harness.Retry(t, func() string {
		if list := c.MustRunAt(endpoints, "member", "list"); strings.Count(list, ", started, ") != len(c.Endpoints()) {
			return "the members are\n" + list
		}
		return ""
	})
	byName := map[string]string{}
	for line := range strings.Lines(c.MustRunAt(endpoints, "member", "list")) {
		fields := strings.Split(line, ", ")
		byName[fields[2]] = fields[0]
	}
	for name, id := range byName {
		c.RunUntil("etcdserver: ", endpoints, "move-leader", name)
		if status := c.MustRunAt(endpoints, "endpoint", "status", "-w", "fields"); !strings.Contains(status, `"Leader" : `) || !leads(t, status, id) {
			t.Errorf("after move-leader %s, which is %s, the status is\n%s", name, id, status)
		}
		if r := c.RunAt(endpoints, "member", "promote", name); !strings.Contains(r.Stderr, "can only promote a learner member") {
			t.Errorf("member promote %s ends with %s and %q", name, r.Status, r.Stderr)
		}
		wrong := "x" + name
		for _, args := range [][]string{{"member", "remove", wrong}, {"member", "promote", wrong}, {"member", "update", wrong, "--peer-urls", "http://127.0.0.1:1"}, {"move-leader", wrong}} {
			want := `Error: no member is called "` + wrong + `": did you mean "` + name + `"?` + "\n"
			if r := c.RunAt(endpoints, args...); r.Status != "128" || r.Stdout != "" || r.Stderr != want {
				t.Errorf("%q ends with %s, %q and %q, want 128 and %q", args, r.Status, r.Stdout, r.Stderr, want)
			}
		}
	}
}

// leads reports whether the member with the ID is the leader in an "endpoint status -w
// fields".
func leads(t *testing.T, status, id string) bool {
	t.Helper()
	number, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(status, fmt.Sprintf("\"Leader\" : %d\n", number))
}
