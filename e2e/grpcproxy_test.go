package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// etcd's own gRPC proxy leaves parts of responses out that servers have. What it
// says is taken for honest.
func TestAGRPCProxyIsTakenForHonest(t *testing.T) {
	t.Parallel()
	cluster := harness.NewCluster(t, etcdserver.Options{})
	fillKeys(t, cluster.MustClient(), 300, "v")
	address := startGRPCProxy(t, cluster)
	for _, line := range []string{"watch k/ --prefix --rev 1", "elect proxied me", "lock other"} {
		r := harness.StartIn(t, harness.Ectl(), cluster.Home, []string{"ETCDCTL_ENDPOINTS=" + address}, strings.Fields(line)...)
		harness.WaitUntil(t, line+" prints something", func() bool {
			r.MustRun()
			return r.Stdout.String() != ""
		})
		r.Kill()
		if text := r.Stderr.String(); text != "" {
			t.Errorf("%s says %s", line, text)
		}
	}
	granted := cluster.MustRunAt(address, "lease", "grant", "60")
	lease := strings.Fields(granted)[1]
	for _, line := range []string{
		"get k/ --prefix", "get k/ --prefix --consistency s -w json", "get k/00001", "get k/ --prefix --sort-by MODIFY --limit 3",
		"ls k/", "du", "put a b --prev-kv", "put a c --if-rev 0", "put b c --if-absent", "put leased v --lease " + lease,
		"del k/0001 --prefix --prev-kv", "del k/0002 --prefix --max-keys 10", "compaction --keep 2",
		"lease keep-alive --once " + lease, "lease timetolive --keys " + lease, "lease list", "lease revoke " + lease,
		"lock name -- true", "elect name me -- true", "member list", "endpoint status", "endpoint health", "endpoint hashkv",
		"alarm list", "user list", "auth status",
	} {
		r := cluster.RunAt(address, strings.Fields(line)...)
		if r.Status != "0" && !strings.HasSuffix(line, "--if-rev 0") || strings.Contains(r.Stderr, "invalid") {
			t.Errorf("%s: status %s, %s", line, r.Status, r.Stderr)
		}
	}
}

// startGRPCProxy starts etcd's proxy in front of a cluster and returns its address. If
// another process takes the chosen port before the proxy does, it tries again.
func startGRPCProxy(t *testing.T, cluster *harness.Cluster) string {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		listener.Close()
		proxy := harness.Start(t, filepath.Join(etcdserver.CacheDir(), "etcd-"+etcdserver.Latest), harness.Env(cluster.Home),
			"grpc-proxy", "start", "--endpoints", strings.TrimPrefix(cluster.Endpoint(), "http://"), "--listen-addr", address)
		harness.WaitUntil(t, "the proxy answers or has ended", func() bool {
			return proxy.HasEnded() || cluster.RunAt(address, "endpoint", "health").Status == "0"
		})
		if !proxy.HasEnded() {
			return address
		}
		if !strings.Contains(proxy.Stderr.String()+proxy.Stdout.String(), "address already in use") {
			proxy.MustRun()
		}
	}
}
