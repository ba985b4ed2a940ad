// Package testpki creates the keys and certificates for tests of TLS, certificate
// identity and JWT tokens. It creates a certificate authority, server certificates for
// the loopback interface, and client certificates by common name. It also creates
// certificates with one specific defect.
//
// All keys are ECDSA P-256, except the JWT keys. These are RSA, because the tests use
// RS256. Do not use this package in production.
package testpki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Authority is a certificate authority. It writes what it issues to FILE.pem and
// FILE-key.pem. If FILE is relative, the files are in the authority's directory. Its
// methods are safe for concurrent use.
type Authority struct {
	dir  string
	name string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	serial int64
}

// Pair holds the paths of the PEM files of a certificate and its private key.
type Pair struct {
	CertFile string
	KeyFile  string
}

// NewAuthority creates a certificate authority. It writes the certificate to
// dir/NAME.pem and the key to dir/NAME-key.pem. Authorities with different names do not
// trust each other.
func NewAuthority(dir, name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate the key of authority %q: %w", name, err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-48 * time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign authority %q: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	a := &Authority{dir: dir, name: name, cert: cert, key: key, serial: 1}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := writePEM(a.KeyFile(), "EC PRIVATE KEY", keyDER, 0o600); err != nil {
		return nil, err
	}
	return a, writePEM(a.CertFile(), "CERTIFICATE", der, 0o644)
}

// CertFile returns the path of the authority's own certificate, for --cacert and
// --trusted-ca-file.
func (a *Authority) CertFile() string {
	return filepath.Join(a.dir, a.name+".pem")
}

// KeyFile returns the path of the authority's private key.
func (a *Authority) KeyFile() string {
	return filepath.Join(a.dir, a.name+"-key.pem")
}

// Server issues a certificate for 127.0.0.1, ::1 and localhost. It is valid for
// servers, and for clients because members connect to each other with it. It has no
// common name. etcd's gateway presents it as a client certificate, and refuses a common
// name.
func (a *Authority) Server(file string) (Pair, error) {
	return a.issue(file, certificate{
		hosts: []string{"127.0.0.1", "::1", "localhost"},
		usage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
}

// ServerFor issues a server certificate for the given host names and addresses only.
// Tests use it for names that do not match.
func (a *Authority) ServerFor(file string, hosts ...string) (Pair, error) {
	return a.issue(file, certificate{
		hosts: hosts,
		usage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
}

// ExpiredServer issues a loopback server certificate that expired yesterday.
func (a *Authority) ExpiredServer(file string) (Pair, error) {
	return a.issue(file, certificate{
		hosts:   []string{"127.0.0.1", "::1", "localhost"},
		usage:   []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		expired: true,
	})
}

// Client issues a client certificate. A server with --client-cert-auth uses the common
// name as the user. With an empty name, the certificate identifies no user.
func (a *Authority) Client(file, commonName string) (Pair, error) {
	return a.issue(file, certificate{
		commonName: commonName,
		usage:      []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// ExpiredClient issues a client certificate that expired yesterday.
func (a *Authority) ExpiredClient(file, commonName string) (Pair, error) {
	return a.issue(file, certificate{
		commonName: commonName,
		usage:      []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		expired:    true,
	})
}

// Issue issues a certificate for the usages only. It may have no common name and no hosts.
func (a *Authority) Issue(file, commonName string, hosts []string, usage ...x509.ExtKeyUsage) (Pair, error) {
	return a.issue(file, certificate{commonName: commonName, hosts: hosts, usage: usage})
}

type certificate struct {
	commonName string
	hosts      []string
	usage      []x509.ExtKeyUsage
	expired    bool
}

func (a *Authority) issue(file string, c certificate) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("generate the key of %q: %w", file, err)
	}
	a.mu.Lock()
	a.serial++
	serial := a.serial
	a.mu.Unlock()

	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: c.commonName},
		NotBefore:    now.Add(-47 * time.Hour),
		NotAfter:     now.Add(23 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  c.usage,
	}
	if c.expired {
		template.NotAfter = now.Add(-24 * time.Hour)
	}
	for _, host := range c.hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return Pair{}, fmt.Errorf("sign %q: %w", file, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(a.dir, file)
	}
	pair := Pair{CertFile: file + ".pem", KeyFile: file + "-key.pem"}
	if err := writePEM(pair.CertFile, "CERTIFICATE", der, 0o644); err != nil {
		return Pair{}, err
	}
	return pair, writePEM(pair.KeyFile, "EC PRIVATE KEY", keyDER, 0o600)
}

func writePEM(file, blockType string, der []byte, mode os.FileMode) error {
	data := pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
	if err := os.WriteFile(file, data, mode); err != nil {
		return fmt.Errorf("write %s: %w", blockType, err)
	}
	return nil
}
