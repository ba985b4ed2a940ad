// Package pki creates and parses private keys, certificate requests and client
// certificates. It does no I/O.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// KeyType selects the kind of private key that NewKey generates.
type KeyType string

// The key types.
const (
	ECDSAP256 KeyType = "ecdsa-p256"
	ECDSAP384 KeyType = "ecdsa-p384"
	Ed25519   KeyType = "ed25519"
	RSA2048   KeyType = "rsa-2048"
	RSA4096   KeyType = "rsa-4096"
)

// KeyTypes returns the names of all key types. The first is the default.
func KeyTypes() []string {
	return []string{string(ECDSAP256), string(ECDSAP384), string(Ed25519), string(RSA2048), string(RSA4096)}
}

// NewKey generates a private key with crypto/rand. It returns an error if the key type is
// unknown.
func NewKey(t KeyType) (crypto.Signer, error) {
	switch t {
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	}
	return nil, fmt.Errorf("unknown key type %q: want %s", t, strings.Join(KeyTypes(), ", "))
}

// PEM block types.
const (
	blockCertificate  = "CERTIFICATE"
	blockRequest      = "CERTIFICATE REQUEST"
	blockOldRequest   = "NEW CERTIFICATE REQUEST"
	blockKey          = "PRIVATE KEY"
	blockECKey        = "EC PRIVATE KEY"
	blockRSAKey       = "RSA PRIVATE KEY"
	blockEncryptedKey = "ENCRYPTED PRIVATE KEY"
)

// EncodeKey returns the key as one PEM block in PKCS #8.
func EncodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: der}), nil
}

// ErrEncrypted reports that a private key cannot be read without a passphrase.
var ErrEncrypted = errors.New("the private key is encrypted with a passphrase")

// ParseKey parses the first private key in PEM text: PKCS #8, PKCS #1 or SEC 1. It
// returns ErrEncrypted if the key needs a passphrase.
func ParseKey(text []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		// OpenSSL marks encrypted keys of the traditional formats with this header (RFC
		// 1421, 4.6.1.1).
		if block.Type == blockEncryptedKey || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, ErrEncrypted
		}
		var key any
		var err error
		switch block.Type {
		case blockKey:
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case blockECKey:
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case blockRSAKey:
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		default:
			continue // skip curve parameters and certificates
		}
		if err != nil {
			return nil, err
		}
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, errors.New("the private key cannot sign")
	}
	return nil, errors.New("no PEM private key found")
}

// samePublicKey reports whether two public keys are equal.
func samePublicKey(a, b crypto.PublicKey) bool {
	comparer, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && comparer.Equal(b)
}
