package testpki

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

// TokenSigner is the RSA key pair of a server with JWT tokens. It signs tokens in the
// same way as the server (RS256, RFC 7515).
type TokenSigner struct {
	PublicKeyFile  string
	PrivateKeyFile string

	key *rsa.PrivateKey
}

// NewTokenSigner generates a key pair and writes it to dir/NAME-public.pem and
// dir/NAME-private.pem.
func NewTokenSigner(dir, name string) (*TokenSigner, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("generate token key %q: %w", name, err)
	}
	s := &TokenSigner{
		PublicKeyFile:  filepath.Join(dir, name+"-public.pem"),
		PrivateKeyFile: filepath.Join(dir, name+"-private.pem"),
		key:            key,
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	if err := writePEM(s.PublicKeyFile, "PUBLIC KEY", public, 0o644); err != nil {
		return nil, err
	}
	private := x509.MarshalPKCS1PrivateKey(key)
	return s, writePEM(s.PrivateKeyFile, "RSA PRIVATE KEY", private, 0o600)
}

// ServerFlag returns the value of etcd's --auth-token for this key pair. The server
// issues tokens with the lifetime ttl.
func (s *TokenSigner) ServerFlag(ttl time.Duration) string {
	return fmt.Sprintf("jwt,pub-key=%s,priv-key=%s,sign-method=RS256,ttl=%s",
		s.PublicKeyFile, s.PrivateKeyFile, ttl)
}

// Sign returns a token for user. The server refuses the token if revision is older than
// the revision of its users and roles (see AuthStatus). If ttl is negative, the token
// has already expired.
func (s *TokenSigner) Sign(user string, revision uint64, ttl time.Duration) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT"})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"username": user,
		"revision": revision,
		"exp":      time.Now().Add(ttl).Unix(),
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode(header) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign token for %q: %w", user, err)
	}
	return signed + "." + encode(signature), nil
}
