package etcd

import (
	"context"
	"crypto/x509"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
)

// Credential is the way in which a client proves its identity.
type Credential string

// The credentials, in the order in which the server checks them.
const (
	ByToken       Credential = "token"       // given by the user
	ByPassword    Credential = "password"    // the server returns a token for it
	ByCertificate Credential = "certificate" // its common name is the user
	ByNothing     Credential = "nothing"
)

// Self describes the identity of a client, as far as it is known without a request to
// the server.
type Self struct {
	By    Credential
	User  string            // empty if unknown: no credential, or a token without a user
	Token TokenInfo         // of the given token
	Cert  *x509.Certificate // of --cert, even if another credential is used; nil without --cert
}

// Self returns the identity of the dialer's clients. A certificate that cannot be read
// is an error with the status BadArgs.
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
		if d.options.login.user != "" {
			self.User = d.options.login.user
		}
	default:
		self.By, self.User = ByPassword, d.auth.Username
	}
	return self, nil
}

// identityOf describes a client for an error. A certificate that cannot be read any more
// identifies no user.
func identityOf(self func() (Self, error)) diagnose.Identity {
	s, err := self()
	if err != nil || s.By == ByNothing {
		return diagnose.Identity{}
	}
	return diagnose.Identity{By: string(s.By), User: s.User}
}

// Login logs the dialer's user in again, and describes the token that the server
// returns. It may be called only if Self returns ByPassword.
func (d *Dialer) Login(ctx context.Context, c *Client) (TokenInfo, error) {
	token, err := d.NewToken(ctx, c)
	return ReadToken(token), err
}

// NewToken logs the dialer's user in and returns the token. It may be called only if Self
// returns ByPassword.
func (d *Dialer) NewToken(ctx context.Context, c *Client) (string, error) {
	response, err := c.Authenticate(ctx, d.auth.Username, d.auth.Password)
	if err != nil {
		return "", err
	}
	return response.Token, nil
}

// Password returns the password with which the dialer's clients log in. It may be called
// only if Self returns ByPassword.
func (d *Dialer) Password() string { return d.auth.Password }

// Typed reports whether the password was entered at a prompt, so that it may be
// mistyped.
func (d *Dialer) Typed() bool { return d.options.asks() }
