package e2e

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// issued returns the certificate of an authority, or fails the test.
func issued(t *testing.T) func(testpki.Pair, error) testpki.Pair {
	return func(pair testpki.Pair, err error) testpki.Pair {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
}

// failsAtOnce runs ours, which must fail with status 1 long before its timeout, and say
// these texts in one line.
func failsAtOnce(t *testing.T, line string, says ...string) {
	t.Helper()
	r := harness.Run(t, harness.Command{
		Program: harness.Ectl(), Args: strings.Fields(line + " --command-timeout 5m"), Env: harness.Env(t.TempDir()),
	})
	for _, text := range append(says, "Error: context deadline exceeded: ") {
		if r.Status != "1" || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, text) {
			t.Errorf("%s: status %s, stderr %q; want %q", line, r.Status, r.Stderr, text)
		}
	}
}

// A certificate of the server without a usable name, or without the usage of a server: the
// error says what the certificate lacks, and a certificate that has it works.
func TestServerCertificatesThatLackSomething(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		commonName string
		hosts      []string
		usage      x509.ExtKeyUsage
		says       string
	}{
		"no names":         {"", nil, x509.ExtKeyUsageServerAuth, "the server's certificate has no names (subject alternative names); issue one that has the host's name or IP address"},
		"common name only": {"localhost", nil, x509.ExtKeyUsageServerAuth, "the server's certificate has no names (subject alternative names); issue one that has the host's name or IP address"},
		"no server usage":  {"", []string{"127.0.0.1", "localhost"}, x509.ExtKeyUsageClientAuth, "the server's certificate does not allow server authentication (extended key usage); issue one that does"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := harness.NewCertificates(t, t.TempDir())
			cert := issued(t)(f.CA.Issue("lacking", test.commonName, test.hosts, test.usage))
			server := harness.StartServer(t, etcdserver.Options{TLS: f.CA, ServerCert: cert})
			for _, endpoint := range []string{server.Endpoint(), strings.Replace(server.Endpoint(), "127.0.0.1", "localhost", 1)} {
				for _, line := range []string{"get k", "watch k"} {
					failsAtOnce(t, line+" --cacert "+f.CA.CertFile()+" --endpoints "+endpoint, test.says)
				}
			}
		})
	}
}

// A client certificate that is only for servers: the error names the file and what it
// lacks.
func TestAClientCertificateWithoutTheUsageOfClients(t *testing.T) {
	t.Parallel()
	f := harness.NewCertificates(t, t.TempDir())
	server := harness.StartServer(t, etcdserver.Options{TLS: f.CA, ClientCertAuth: true})
	wrong := issued(t)(f.CA.Issue("servers", "root", nil, x509.ExtKeyUsageServerAuth))
	for _, line := range []string{"get k", "watch k", "user list"} {
		failsAtOnce(t, line+" --endpoints "+server.Endpoint()+" --cacert "+f.CA.CertFile()+" --cert "+wrong.CertFile+" --key "+wrong.KeyFile,
			"the client certificate does not allow client authentication (extended key usage); issue one that does, and give it with --cert and --key")
	}
	// A server that asks for no certificate does not mind.
	careless := harness.StartServer(t, etcdserver.Options{TLS: f.CA})
	r := harness.Run(t, harness.Command{Program: harness.Ectl(), Env: harness.Env(t.TempDir()), Args: strings.Fields(
		"put k v --endpoints " + careless.Endpoint() + " --cacert " + f.CA.CertFile() + " --cert " + wrong.CertFile + " --key " + wrong.KeyFile)})
	if r.Status != "0" || r.Stderr != "" {
		t.Errorf("status %s, stderr %q", r.Status, r.Stderr)
	}
}

// The first endpoint decides for all whether TLS is used, in either order of the schemes.
func TestMixedEndpointsNameTheFirst(t *testing.T) {
	t.Parallel()
	f := harness.NewCertificates(t, t.TempDir())
	secure, plain := harness.StartServer(t, etcdserver.Options{TLS: f.CA}), harness.StartServer(t, etcdserver.Options{})
	refused := harness.RefusingEndpoint(t)
	const advice = ", decides for all whether TLS is used; give the same scheme for all"
	for _, test := range []struct{ first, second, says string }{
		{"https://" + refused, plain.Endpoint(), "the server does not speak TLS"},
		{"http://" + refused, secure.Endpoint(), "the server speaks TLS"},
	} {
		r := harness.Run(t, harness.Command{
			Program: harness.Ectl(), Env: harness.Env(t.TempDir()),
			Args: strings.Fields("get k --command-timeout 3s --cacert " + f.CA.CertFile() + " --endpoints " + test.first + "," + test.second),
		})
		if want := test.second + ": " + test.says + ": the first endpoint, " + test.first + advice; r.Status != "1" || !strings.Contains(r.Stderr, want) {
			t.Errorf("%s, %s: status %s, stderr %q, want %q", test.first, test.second, r.Status, r.Stderr, want)
		}
	}
}

// A peer port with TLS is named as such, whether the client knows the authority or not.
func TestThePeerPortWithTLS(t *testing.T) {
	t.Parallel()
	for _, version := range []string{etcdserver.Latest, "3.5.35"} {
		f := harness.NewCertificates(t, t.TempDir())
		server := harness.StartServer(t, etcdserver.Options{Version: version, TLS: f.CA, PeerTLS: true})
		peer := server.Members[0].PeerURL
		known := "get k --cacert " + f.CA.CertFile() + " --endpoints " + peer
		failsAtOnce(t, known, "the server wants a client certificate; give --cert and --key; if this is etcd's peer port, use the client port")
		failsAtOnce(t, "get k --endpoints "+peer, "the authority of the server's certificate is not trusted; give it with --cacert")
		failsAtOnce(t, "get k --endpoints "+strings.Replace(peer, "https", "http", 1), "use https:// endpoints")
	}
}
