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

// ParseCertificates reads the certificates of PEM text, and leaves out what
// else is in it.
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
		return nil, errors.New("no PEM certificate in it")
	}
	return certs, nil
}

// EncodeCertificates writes certificates as PEM.
func EncodeCertificates(certs ...*x509.Certificate) []byte {
	var text bytes.Buffer
	for _, cert := range certs {
		_ = pem.Encode(&text, &pem.Block{Type: blockCertificate, Bytes: cert.Raw}) // a buffer takes everything
	}
	return text.Bytes()
}

// Pair says whether public is the key that the certificate is of.
func Pair(cert *x509.Certificate, public crypto.PublicKey) bool {
	return samePublicKey(cert.PublicKey, public)
}

// SignedByOneOf says whether one of authorities has signed the certificate.
func SignedByOneOf(cert *x509.Certificate, authorities []*x509.Certificate) bool {
	return slices.ContainsFunc(authorities, func(a *x509.Certificate) bool { return cert.CheckSignatureFrom(a) == nil })
}

// Subject is who a certificate is for: the user is the common name.
type Subject struct {
	CommonName   string
	Organization []string
}

func (s Subject) name() pkix.Name {
	return pkix.Name{CommonName: s.CommonName, Organization: s.Organization}
}

// NewRequest makes a request for a certificate (PKCS #10) as PEM, signed with
// the key that the certificate is to be of.
func NewRequest(s Subject, key crypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: s.name()}, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockRequest, Bytes: der}), nil
}

// ParseRequest reads the first request of PEM text, and checks that whoever
// made it has the key.
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
			return nil, fmt.Errorf("it is not signed with its own key: %w", err)
		}
		return request, nil
	}
	return nil, errors.New("no PEM certificate request in it")
}
