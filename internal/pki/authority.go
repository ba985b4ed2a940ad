package pki

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Authority signs client certificates with the key of a certificate authority.
type Authority struct {
	Cert *x509.Certificate

	// Chain holds Cert and its issuers, as far as they are known. The self-signed one at
	// the end is left out. Chain is empty if Cert is self-signed.
	Chain []*x509.Certificate

	key crypto.Signer
}

// NewAuthority returns an authority that signs with key. certs is one certificate or a
// bundle, and must contain the certificate of key. NewAuthority returns an error if it
// does not, or if verifiers would refuse certificates of the authority at the time now.
func NewAuthority(certs []*x509.Certificate, key crypto.Signer, now time.Time) (*Authority, error) {
	at := slices.IndexFunc(certs, func(c *x509.Certificate) bool { return Pair(c, key.Public()) })
	if at < 0 {
		return nil, errors.New("the private key does not belong to the certificate")
	}
	a := &Authority{Cert: certs[at], key: key}
	if err := a.check(now); err != nil {
		return nil, fmt.Errorf("the certificate of %q %w", a.Cert.Subject.String(), err)
	}
	for cert := a.Cert; cert != nil && !selfIssued(cert) && len(a.Chain) < len(certs); cert = issuerOf(cert, certs) {
		a.Chain = append(a.Chain, cert)
	}
	return a, nil
}

// check returns an error if verifiers would refuse certificates of the authority. It
// follows RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.12. The caller adds the subject of the
// certificate to the error.
func (a *Authority) check(now time.Time) error {
	c := a.Cert
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		return errors.New("is not the certificate of an authority: use another one")
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("must not be used to sign certificates: use another one")
	case len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0 && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny):
		return errors.New("must not be used for client certificates: use another one")
	case now.After(c.NotAfter):
		return fmt.Errorf("expired at %s: use another one", c.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(c.NotBefore):
		return fmt.Errorf("is not valid before %s: check the clock of this machine", c.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

func issuerOf(c *x509.Certificate, certs []*x509.Certificate) *x509.Certificate {
	for _, issuer := range certs {
		if c.CheckSignatureFrom(issuer) == nil {
			return issuer
		}
	}
	return nil
}

// Skew is the time by which certificates are backdated, for servers with slow clocks.
const Skew = 5 * time.Minute

// SignClient signs a client certificate for s and the public key. The certificate is
// valid from Skew before now until ttl after now, within the validity of the authority's
// certificate. If that ends earlier, shortened is true.
func (a *Authority) SignClient(s Subject, public crypto.PublicKey, ttl time.Duration, now time.Time) (cert *x509.Certificate, shortened bool, err error) {
	template := &x509.Certificate{
		Subject:               s.name(),
		NotBefore:             now.Add(-Skew),
		NotAfter:              now.Add(ttl),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	if template.NotBefore.Before(a.Cert.NotBefore) {
		template.NotBefore = a.Cert.NotBefore
	}
	if template.NotAfter.After(a.Cert.NotAfter) {
		template.NotAfter, shortened = a.Cert.NotAfter, true
	}
	// Without a serial number in the template, x509 generates a random one.
	der, err := x509.CreateCertificate(rand.Reader, template, a.Cert, public, a.key)
	if err != nil {
		return nil, false, err
	}
	cert, err = x509.ParseCertificate(der)
	return cert, shortened, err
}
