package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func newKey(t *testing.T, kind KeyType) crypto.Signer {
	t.Helper()
	key, err := NewKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// authority makes the certificate of an authority, of parent or self-signed,
// after change has changed it.
func authority(t *testing.T, name string, key crypto.Signer, parent *Authority, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	if change != nil {
		change(template)
	}
	issuer, signer := template, key
	if parent != nil {
		issuer, signer = parent.Cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestAClientCertificateIsForItsUserAndForNothingElse(t *testing.T) {
	for _, kind := range KeyTypes() {
		caKey := newKey(t, ECDSAP256)
		ca, err := NewAuthority([]*x509.Certificate{authority(t, "ca", caKey, nil, nil)}, caKey, now)
		if err != nil {
			t.Fatal(err)
		}
		key := newKey(t, KeyType(kind))
		cert, shortened, err := ca.SignClient(Subject{"bob", []string{"Acme, Inc."}}, key.Public(), 24*time.Hour, now)
		if err != nil || shortened {
			t.Fatalf("%s: %v, shortened %t", kind, err, shortened)
		}
		if cert.Subject.CommonName != "bob" || !slices.Equal(cert.Subject.Organization, []string{"Acme, Inc."}) {
			t.Errorf("%s: the subject is %s", kind, cert.Subject)
		}
		if !cert.NotBefore.Equal(now.Add(-Skew)) || !cert.NotAfter.Equal(now.Add(24*time.Hour)) {
			t.Errorf("%s: valid from %s to %s", kind, cert.NotBefore, cert.NotAfter)
		}
		if !slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}) || cert.KeyUsage != x509.KeyUsageDigitalSignature || cert.IsCA {
			t.Errorf("%s: may be used for %v, %v, as an authority %t", kind, cert.KeyUsage, cert.ExtKeyUsage, cert.IsCA)
		}
		if cert.SerialNumber.BitLen() < 64 {
			t.Errorf("%s: the serial number %s can be guessed", kind, cert.SerialNumber)
		}
		roots := x509.NewCertPool()
		roots.AddCert(ca.Cert)
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err == nil {
			t.Errorf("%s: the certificate is good for a server, too", kind)
		}
		text, err := EncodeKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseKey(text); err != nil || !Pair(cert, again.Public()) || Pair(cert, caKey.Public()) {
			t.Errorf("%s: the key that was written is not the certificate's: %v", kind, err)
		}
	}
	if _, err := NewKey("dsa"); err == nil || !strings.Contains(err.Error(), "ecdsa-p256") {
		t.Errorf("an unknown type of key: %v", err)
	}
}

func TestACertificateDoesNotOutlastItsAuthority(t *testing.T) {
	key := newKey(t, ECDSAP256)
	ca, err := NewAuthority([]*x509.Certificate{authority(t, "ca", key, nil, func(c *x509.Certificate) { c.NotBefore = now.Add(-time.Minute) })}, key, now)
	if err != nil {
		t.Fatal(err)
	}
	cert, shortened, err := ca.SignClient(Subject{CommonName: "bob"}, newKey(t, Ed25519).Public(), 1000*24*time.Hour, now)
	if err != nil || !shortened || !cert.NotAfter.Equal(ca.Cert.NotAfter) || !cert.NotBefore.Equal(ca.Cert.NotBefore) {
		t.Errorf("valid from %s to %s, shortened %t, %v; want the authority's %s to %s", cert.NotBefore, cert.NotAfter, shortened, err, ca.Cert.NotBefore, ca.Cert.NotAfter)
	}
}

func TestAnAuthorityWithCertificatesThatNoServerAcceptsIsRefused(t *testing.T) {
	key := newKey(t, ECDSAP256)
	for says, change := range map[string]func(*x509.Certificate){
		"not the certificate of an authority": func(c *x509.Certificate) { c.IsCA = false },
		"used to sign certificates":           func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature },
		"used for client certificates":        func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
		"expired at 2026-04-30T12:00:00Z":     func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) },
		"not valid before 2026-05-02T12:0":    func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, 1) },
	} {
		t.Run(says, func(t *testing.T) {
			if _, err := NewAuthority([]*x509.Certificate{authority(t, "ca", key, nil, change)}, key, now); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%v, want that it says %q", err, says)
			}
		})
	}
	if _, err := NewAuthority([]*x509.Certificate{authority(t, "ca", key, nil, nil)}, newKey(t, ECDSAP256), now); err == nil {
		t.Error("an authority with another's key is accepted")
	}
}

func TestTheAuthorityIsFoundInABundle(t *testing.T) {
	rootKey, middleKey := newKey(t, ECDSAP256), newKey(t, RSA2048)
	root, err := NewAuthority([]*x509.Certificate{authority(t, "root", rootKey, nil, nil)}, rootKey, now)
	if err != nil || len(root.Chain) != 0 {
		t.Fatalf("%v, with a chain of %d", err, len(root.Chain))
	}
	middle := authority(t, "middle", middleKey, root, nil)
	bundle := []*x509.Certificate{authority(t, "old", newKey(t, ECDSAP256), nil, nil), root.Cert, middle}
	ca, err := NewAuthority(bundle, middleKey, now)
	if err != nil || ca.Cert != middle || len(ca.Chain) != 1 || ca.Chain[0] != middle {
		t.Errorf("the authority is %+v, %v; want the one in the middle", ca, err)
	}
}

func TestARequestProvesThatItsSenderHasTheKey(t *testing.T) {
	key := newKey(t, ECDSAP256)
	text, err := NewRequest(Subject{"bob", []string{"ops"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	request, err := ParseRequest(text)
	if err != nil || request.Subject.CommonName != "bob" || !samePublicKey(request.PublicKey, key.Public()) {
		t.Fatalf("the request is %+v, %v", request, err)
	}
	block, _ := pem.Decode(text)
	block.Bytes[len(block.Bytes)-1] ^= 1
	if _, err := ParseRequest(pem.EncodeToMemory(block)); err == nil {
		t.Error("a request with a wrong signature is accepted")
	}
	for _, text := range []string{"", "nothing", string(EncodeCertificates(authority(t, "ca", key, nil, nil)))} {
		t.Run(text, func(t *testing.T) {
			if _, err := ParseRequest([]byte(text)); err == nil {
				t.Errorf("%q is taken for a request", text)
			}
		})
	}
}

func TestTextThatIsNoKeyOrCertificate(t *testing.T) {
	for _, text := range []string{"", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		t.Run(text, func(t *testing.T) {
			if _, err := ParseKey([]byte(text)); err == nil || errors.Is(err, ErrEncrypted) || strings.Contains(err.Error(), "secret") {
				t.Errorf("ParseKey(%q) = %v", text, err)
			}
			if _, err := ParseCertificates([]byte(text)); err == nil {
				t.Errorf("ParseCertificates(%q) finds something", text)
			}
		})
	}
}

// testdata has keys as OpenSSL 3 writes them: genpkey, ecparam -genkey, genrsa
// -traditional, and with a passphrase. They are of nothing.
func TestKeysOfOpenSSL(t *testing.T) {
	for file, want := range map[string]error{
		"ec-pkcs8.pem": nil, "ed25519-pkcs8.pem": nil, "ec-with-parameters.pem": nil, "rsa-traditional.pem": nil,
		"rsa-encrypted.pem": ErrEncrypted, "pkcs8-encrypted.pem": ErrEncrypted,
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ParseKey(text); !errors.Is(err, want) {
				t.Errorf("the key in %s: %v, want %v", file, err, want)
			}
		})
	}
}
