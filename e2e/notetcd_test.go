package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// answering returns the address of a server that reads a little of each connection and
// then writes response. With an empty response it stays silent.
func answering(t *testing.T, response string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 64)
				_, _ = conn.Read(buffer)
				if response == "" {
					_, _ = io.Copy(io.Discard, conn)
					return
				}
				_, _ = io.WriteString(conn, response)
			}()
		}
	}()
	return listener.Addr().String()
}

// TestAFailureThroughAProxyNamesTheProxy gives the program a proxy by the environment
// that fails in each way.
func TestAFailureThroughAProxyNamesTheProxy(t *testing.T) {
	t.Parallel()
	const page = "Content-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>"
	for name, test := range map[string]struct{ proxy, says string }{
		"refused":            {harness.RefusingEndpoint(t), "connection refused"},
		"unknown":            {"proxy.invalid:3128", "proxy.invalid"},
		"silent":             {answering(t, ""), ""},
		"forbidden":          {answering(t, "HTTP/1.1 403 Forbidden\r\n"+page), "the proxy refused with 403 Forbidden"},
		"wants a login":      {answering(t, "HTTP/1.1 407 Proxy Authentication Required\r\n"+page), "it wants a login in its URL"},
		"a page":             {answering(t, "HTTP/1.1 400 Bad Request\r\n"+page), "the proxy refused with 400 Bad Request"},
		"a tunnel to a page": {answering(t, "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n"+page), ""},
		"not HTTP":           {answering(t, "220 mail\r\n"), "does not answer as an HTTP proxy does"},
	} {
		for _, variable := range []string{"https_proxy", "HTTPS_PROXY"} {
			home := t.TempDir()
			r := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Args: strings.Fields("get k --command-timeout 1s --endpoints http://etcd.invalid:2379"),
				Env: harness.Env(home, variable+"=http://name:secret@"+test.proxy), Dir: home,
			})
			advice := fmt.Sprintf("the connection goes through the proxy http://%s of the variable %s: to connect without it, add etcd.invalid to no_proxy", test.proxy, variable)
			if r.Status != "1" || !strings.Contains(r.Stderr, advice) || !strings.Contains(r.Stderr, test.says) || strings.Contains(r.Stderr, "secret") || strings.Contains(r.Stderr, "--endpoints right") {
				t.Errorf("%s: status %s, stderr %q; want %q and %q", name, r.Status, r.Stderr, test.says, advice)
			}
		}
	}
}

// TestAPortThatIsNotEtcdsClientPort verifies that other ports are told apart from
// servers that do not answer.
func TestAPortThatIsNotEtcdsClientPort(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	both := httptest.NewUnstartedServer(http.NotFoundHandler())
	both.EnableHTTP2 = true
	both.StartTLS()
	t.Cleanup(both.Close)
	for name, url := range map[string]string{
		"the peer port": server.Members[0].PeerURL, "a web server": plain.URL, "a web server with TLS": secure.URL, "a web server with HTTP/2": both.URL,
	} {
		home := t.TempDir()
		for _, line := range []string{"get k", "user list", "endpoint status"} {
			r := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Args: strings.Fields(line + " --command-timeout 1m --insecure-skip-tls-verify"),
				Env: harness.Env(home, "ETCDCTL_ENDPOINTS="+url), Dir: home,
			})
			if r.Status != "1" || !strings.Contains(r.Stderr, "speaks HTTP, but not etcd's API: it may be etcd's peer port, or a web server") {
				t.Errorf("%s, %s: status %s, stderr %q", name, line, r.Status, r.Stderr)
			}
		}
	}
}
