package harness

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// Certificates holds the certificates and token keys of one test.
type Certificates struct {
	CA, Other *testpki.Authority
	Tokens    *testpki.TokenSigner
	Clients   map[string]testpki.Pair
}

// NewCertificates creates the certificates in dir. Clients contains client certificates
// by name. The certificates "root", "alice", "bob" and "nobody" have this common name.
// The certificate "noname" has no common name. The certificate "expired" is for root
// and expired yesterday. The certificate "other" is for root, from another authority.
func NewCertificates(t testing.TB, dir string) *Certificates {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f := &Certificates{Clients: map[string]testpki.Pair{}}
	var err error
	f.CA, err = testpki.NewAuthority(dir, "ca")
	must(err)
	f.Other, err = testpki.NewAuthority(dir, "otherca")
	must(err)
	f.Tokens, err = testpki.NewTokenSigner(dir, "token")
	must(err)
	for _, user := range []string{"root", "alice", "bob", "nobody"} {
		f.Clients[user], err = f.CA.Client("client-"+user, user)
		must(err)
	}
	f.Clients["noname"], err = f.CA.Client("client-noname", "")
	must(err)
	f.Clients["expired"], err = f.CA.ExpiredClient("client-expired", "root")
	must(err)
	f.Clients["other"], err = f.Other.Client("client-other", "root")
	must(err)
	return f
}

// Variables returns the paths of the files by the variable names that scripts and
// parity cases use.
func (f *Certificates) Variables() map[string]string {
	v := map[string]string{
		"CACERT":     f.CA.CertFile(),
		"CAKEY":      f.CA.KeyFile(),
		"OTHERCA":    f.Other.CertFile(),
		"OTHERCAKEY": f.Other.KeyFile(),
	}
	for name, pair := range f.Clients {
		v["CERT_"+name] = pair.CertFile
		v["KEY_"+name] = pair.KeyFile
	}
	return v
}

// ServerOptions converts the flags of an "etcd start" or "server" line to server
// options. rest contains the other arguments. It returns an error for an unknown flag
// or an invalid value.
func (f *Certificates) ServerOptions(flags []string) (o etcdserver.Options, rest []string, err error) {
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
			o.TLS = f.CA
		case "-client-cert-auth":
			o.TLS, o.ClientCertAuth = f.CA, true
		case "-nameless-certs":
			o.TLS, o.ClientCertAuth, o.NamelessCerts = f.CA, true, true
		case "-expired-cert":
			o.TLS = f.CA
			if o.ServerCert, err = f.CA.ExpiredServer("server-expired"); err != nil {
				return o, nil, err
			}
		case "-wrong-name":
			o.TLS = f.CA
			if o.ServerCert, err = f.CA.ServerFor("server-wrong-name", "etcd.example.com"); err != nil {
				return o, nil, err
			}
		case "-auth":
			o.RootPassword = RootPassword
		case "-jwt":
			o.Tokens = f.Tokens
		default:
			if strings.HasPrefix(flags[i], "-") {
				return o, nil, fmt.Errorf("unknown server flag %s", flags[i])
			}
			rest = append(rest, flags[i])
		}
	}
	return o, rest, nil
}
