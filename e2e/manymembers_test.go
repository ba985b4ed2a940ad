package e2e

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A server that names 2,000 URLs of its members does not have them all dialled at
// once, and the user learns their number.
func TestManyMembersAreAskedAFewAtATime(t *testing.T) {
	t.Parallel()
	const urls, atOnce = 2000, 32
	cluster := harness.NewCluster(t, etcdserver.Options{})
	server, back := newDishonestServer(t), harness.DialServer(t, cluster.Endpoint())
	many := changed("/etcdserverpb.Cluster/MemberList", 1, func(m protoreflect.Message) {
		member := m.Get(m.Descriptor().Fields().ByName("members")).List().Get(0).Message()
		list := member.Mutable(member.Descriptor().Fields().ByName("clientURLs")).List()
		for list.Len() < urls {
			list.Append(list.Get(0))
		}
	})
	server.begin(back, many, nil)
	ended := harness.Start(t, harness.Ectl(), harness.Env(cluster.Home, "ETCDCTL_ENDPOINTS="+server.endpoint), "endpoint", "health", "--cluster", "--command-timeout", "1m").
		WantEnd("status 0").
		WantStderr("Warning: the member list has 2000 endpoints of 1 member; they are queried 32 at a time")
	if lines := strings.Count(ended.Stdout.String(), "\n"); lines != urls {
		t.Errorf("%d endpoints were shown, want %d", lines, urls)
	}
	// Besides the client's own. A connection is counted until it is seen to be closed.
	if most := server.report().mostOpen; most > 2*atOnce {
		t.Errorf("%d connections were open at the same time", most)
	}
}
