package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// ParseCertificates parses the certificates in PEM text, and skips other blocks. It
// returns an error if there is no certificate.
func ParseCertificates(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != blockCertificate {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("no PEM certificate found")
	}
	return certs, nil
}

// EncodeCertificates returns the certificates as PEM text.
func EncodeCertificates(certs ...*x509.Certificate) []byte {
	var text bytes.Buffer
	for _, cert := range certs {
		_ = pem.Encode(&text, &pem.Block{Type: blockCertificate, Bytes: cert.Raw}) // a write to a buffer does not fail
	}
	return text.Bytes()
}

// Pair reports whether the certificate is for the key public.
func Pair(cert *x509.Certificate, public crypto.PublicKey) bool {
	return samePublicKey(cert.PublicKey, public)
}

// SignedByOneOf reports whether one of authorities signed the certificate.
func SignedByOneOf(cert *x509.Certificate, authorities []*x509.Certificate) bool {
	return slices.ContainsFunc(authorities, func(a *x509.Certificate) bool { return cert.CheckSignatureFrom(a) == nil })
}

// Subject names the owner of a certificate. etcd uses the common name as the user.
type Subject struct {
	CommonName   string
	Organization []string
}

func (s Subject) name() pkix.Name {
	return pkix.Name{CommonName: s.CommonName, Organization: s.Organization}
}

// NewRequest creates a certificate signing request (PKCS #10) for key, as PEM.
func NewRequest(s Subject, key crypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: s.name()}, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockRequest, Bytes: der}), nil
}

// ParseRequest parses the first certificate request in PEM text. It returns an error if
// there is none, or if the request is not signed with its own key.
func ParseRequest(text []byte) (*x509.CertificateRequest, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != blockRequest && block.Type != blockOldRequest {
			continue
		}
		request, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return nil, err
		}
		if err := request.CheckSignature(); err != nil {
			return nil, fmt.Errorf("the request is not signed with its own key: %w", err)
		}
		return request, nil
	}
	return nil, errors.New("no PEM certificate request found")
}
