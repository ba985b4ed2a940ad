package etcd

import (
	"context"
	"crypto/x509"

	"github.com/ectl-io/ectl/internal/exit"
)

// Credential is what a client proves with who it is.
type Credential string

// The credentials, in the order in which the server looks for them.
const (
	ByToken       Credential = "token"       // one that was given
	ByPassword    Credential = "password"    // for which the server gives a token
	ByCertificate Credential = "certificate" // whose common name is the user
	ByNothing     Credential = "nothing"
)

// Self is who a client says it is, as far as that can be told without asking
// the server.
type Self struct {
	By    Credential
	User  string            // empty where nobody knows: no credential, or a token that does not say
	Token TokenInfo         // of the token that was given
	Cert  *x509.Certificate // of --cert, whether or not it counts; nil without one
}

// Self returns who the dialer's clients say they are.
func (d *Dialer) Self() (Self, error) {
	self := Self{By: ByNothing}
	if d.options.Cert != "" {
		certs, err := d.options.readCertificates(context.Background(), d.options.flag(FlagCert), d.options.Cert)
		if err != nil {
			return self, exit.With(exit.BadArgs, err)
		}
		self.Cert, self.By, self.User = certs[0], ByCertificate, certs[0].Subject.CommonName
	}
	switch {
	case d.auth == nil:
	case d.auth.Token != "":
		self.By, self.Token = ByToken, ReadToken(d.auth.Token)
		self.User = self.Token.User
	default:
		self.By, self.User = ByPassword, d.auth.Username
	}
	return self, nil
}

// Login logs the dialer's user in once more, and returns what the server gives
// a token of. It may only be called where Self says ByPassword.
func (d *Dialer) Login(ctx context.Context, c *Client) (TokenInfo, error) {
	response, err := c.Authenticate(ctx, d.auth.Username, d.auth.Password)
	if err != nil {
		return TokenInfo{}, err
	}
	return ReadToken(response.Token), nil
}

// Password returns the password that the dialer's clients log in with. It may
// only be called where Self says ByPassword.
func (d *Dialer) Password() string { return d.auth.Password }

// Typed says whether somebody was asked for that password, who may have
// mistyped it.
func (d *Dialer) Typed() bool { return d.options.asks() }
