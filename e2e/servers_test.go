package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// rootPassword is the password of root on every server that starts with
// authentication on.
const rootPassword = "rootpw"

// fixtures are the certificates and token keys of one test.
type fixtures struct {
	ca, other *testpki.Authority
	tokens    *testpki.TokenSigner
	clients   map[string]testpki.Pair
}

// newFixtures makes them in dir. The clients are users of these names by their
// common name, and three that are none: "noname", "expired" (root's, until
// yesterday) and "other" (root's, of another authority).
func newFixtures(t testing.TB, dir string) *fixtures {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f := &fixtures{clients: map[string]testpki.Pair{}}
	var err error
	f.ca, err = testpki.NewAuthority(dir, "ca")
	must(err)
	f.other, err = testpki.NewAuthority(dir, "otherca")
	must(err)
	f.tokens, err = testpki.NewTokenSigner(dir, "token")
	must(err)
	for _, user := range []string{"root", "alice", "bob", "nobody"} {
		f.clients[user], err = f.ca.Client("client-"+user, user)
		must(err)
	}
	f.clients["noname"], err = f.ca.Client("client-noname", "")
	must(err)
	f.clients["expired"], err = f.ca.ExpiredClient("client-expired", "root")
	must(err)
	f.clients["other"], err = f.other.Client("client-other", "root")
	must(err)
	return f
}

// variables are the names under which scripts and parity cases find the files.
func (f *fixtures) variables() map[string]string {
	v := map[string]string{
		"CACERT":     f.ca.CertFile(),
		"CAKEY":      f.ca.KeyFile(),
		"OTHERCA":    f.other.CertFile(),
		"OTHERCAKEY": f.other.KeyFile(),
	}
	for name, pair := range f.clients {
		v["CERT_"+name] = pair.CertFile
		v["KEY_"+name] = pair.KeyFile
	}
	return v
}

// options turns the flags of an "etcd start" or "server" line into server
// options. What is left are arguments that are no flags.
func (f *fixtures) options(flags []string) (o etcdserver.Options, rest []string, err error) {
	for i := 0; i < len(flags); i++ {
		value := func() (string, error) {
			if i++; i == len(flags) {
				return "", fmt.Errorf("%s wants a value", flags[i-1])
			}
			return flags[i], nil
		}
		switch flags[i] {
		case "-version":
			if o.Version, err = value(); err != nil {
				return o, nil, err
			}
		case "-members":
			n, err := value()
			if err != nil {
				return o, nil, err
			}
			if _, err := fmt.Sscan(n, &o.Members); err != nil {
				return o, nil, fmt.Errorf("-members %s: %w", n, err)
			}
		case "-token-ttl":
			ttl, err := value()
			if err != nil {
				return o, nil, err
			}
			if o.TokenTTL, err = time.ParseDuration(ttl); err != nil {
				return o, nil, err
			}
		case "-quota":
			quota, err := value()
			if err != nil {
				return o, nil, err
			}
			o.Flags = append(o.Flags, "--quota-backend-bytes", quota)
		case "-tls":
			o.TLS = f.ca
		case "-client-cert-auth":
			o.TLS, o.ClientCertAuth = f.ca, true
		case "-nameless-certs":
			o.TLS, o.ClientCertAuth, o.NamelessCerts = f.ca, true, true
		case "-expired-cert":
			o.TLS = f.ca
			if o.ServerCert, err = f.ca.ExpiredServer("server-expired"); err != nil {
				return o, nil, err
			}
		case "-wrong-name":
			o.TLS = f.ca
			if o.ServerCert, err = f.ca.ServerFor("server-wrong-name", "etcd.example.com"); err != nil {
				return o, nil, err
			}
		case "-auth":
			o.RootPassword = rootPassword
		case "-jwt":
			o.Tokens = f.tokens
		default:
			if strings.HasPrefix(flags[i], "-") {
				return o, nil, fmt.Errorf("unknown server flag %s", flags[i])
			}
			rest = append(rest, flags[i])
		}
	}
	return o, rest, nil
}

// startServerFor starts a server that runs until the test ends.
func startServerFor(t testing.TB, options etcdserver.Options) *etcdserver.Server {
	t.Helper()
	server, err := etcdserver.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, m := range server.Members {
			t.Logf("the log of %s:\n%s", m.ClientURL, m.LogTail())
		}
	})
	return server
}

// deadEndpoint is an endpoint that refuses connections for as long as the test
// runs: its port is bound but nobody listens on it.
func deadEndpoint(t testing.TB) string {
	t.Helper()
	// A connected socket owns its local port, so no server can be given it.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

// projectFile is the path of a file given from the root of the project.
func projectFile(elements ...string) string {
	return filepath.Join(append([]string{".."}, elements...)...)
}

// mustRead reads a file of the project.
func mustRead(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
