package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// writeScript writes a script of lines and returns its path.
func writeScript(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAScriptLogsInOnce(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	var lines []string
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("put k%d v", i), fmt.Sprintf("get k%d", i), "user list", "role list -w json")
	}
	file := writeScript(t, lines...)
	for _, parallel := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d at the same time", parallel), func(t *testing.T) {
			proxy := harness.NewRPCProxy(t, c.Endpoint())
			c.MustRunAt(proxy.URL(), "--user", "root:rootpw", "run", "--parallel", strconv.Itoa(parallel), file)
			logins := 0
			for _, request := range proxy.Requests() {
				if request == "Authenticate" {
					logins++
				}
			}
			if logins < 1 || logins > parallel {
				t.Errorf("%d commands log in %d times, want at most %d", len(lines), logins, parallel)
			}
		})
	}
}

// The first commands are answered last, so their order shows that the run keeps it.
func TestCommandsAtTheSameTimePrintInTheOrderOfTheirLines(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	const parallel = 8
	var lines, want []string
	for i := range 4 * parallel {
		key := fmt.Sprintf("k%03d", i)
		lines = append(lines, "put "+key+" v", "get "+key+" --keys-only")
		want = append(want, "OK\n"+key+"\n\n")
	}
	c.MustRunAt(c.Endpoint(), "run", writeScript(t, lines...)) // the keys exist
	proxy := harness.NewRPCProxy(t, c.Endpoint())
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		select {
		case <-time.After(time.Duration(parallel-rpc.Nth%parallel) * 10 * time.Millisecond):
		case <-ctx.Done():
		}
		return rpc.Forward(ctx)
	}
	got := c.MustRunAt(proxy.URL(), "run", "--parallel", strconv.Itoa(parallel), writeScript(t, lines...))
	if got != strings.Join(want, "") {
		t.Errorf("run prints %q, want the keys in their order", got)
	}
}

// A lock receives the signals itself. After it, a signal ends the run again.
func TestASignalEndsAScriptAfterALock(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	file := writeScript(t, "lock l true", "put ready v", "watch never", "put after v")
	r := harness.Start(t, harness.Ectl(), harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+c.Endpoint()), "run", file)
	r.WaitFor("OK").Signal(syscall.SIGINT).WantEnd("signal interrupt")
	if got := c.MustRunAt(c.Endpoint(), "get", "after"); got != "" {
		t.Error("after a signal the next command runs")
	}
}

// Every member accepts the token that one member has made.
func TestCommandsThatQueryEachMemberLogInOnce(t *testing.T) {
	t.Parallel()
	f := harness.NewCertificates(t, t.TempDir())
	for _, version := range etcdserver.Versions() {
		for _, tokens := range []*testpki.TokenSigner{nil, f.Tokens} {
			t.Run(fmt.Sprintf("%s, JWT %t", version, tokens != nil), func(t *testing.T) {
				c := harness.NewCluster(t, etcdserver.Options{Version: version, Members: 3, RootPassword: "rootpw", Tokens: tokens})
				var proxies []*harness.RPCProxy
				var urls []string
				for _, endpoint := range c.Endpoints() {
					proxy := harness.NewRPCProxy(t, endpoint)
					proxies, urls = append(proxies, proxy), append(urls, proxy.URL())
				}
				logins := func() (count int) {
					for _, proxy := range proxies {
						for _, request := range proxy.Requests() {
							if request == "Authenticate" {
								count++
							}
						}
					}
					return count
				}
				endpoints := strings.Join(urls, ",")
				script := writeScript(t, "endpoint status", "endpoint health", "endpoint hashkv", "get k", "endpoint status -w json")
				c.MustRunAt(endpoints, "--user", "root:rootpw", "run", script)
				// A member that does not answer for a while is not waited for, and a member that
				// lags may not know the token yet.
				if got := logins(); got < 1 || got > len(urls) {
					t.Errorf("a script logs in %d times, want once", got)
				}
				before := logins()
				out := c.MustRunAt(endpoints, "--user", "root:rootpw", "endpoint", "status")
				if got := logins() - before; strings.Count(out, "\n") != len(urls) || got < 1 || got > len(urls) {
					t.Errorf("endpoint status logs in %d times, and prints\n%s", got, out)
				}
			})
		}
	}
}
