package clientcert

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/session"
)

// Try logs in with the new certificate. It returns the reason why the server does not
// identify the user by it, or an empty string.
func (i *Issue) Try(ctx context.Context, cert *x509.Certificate, chain []*x509.Certificate) string {
	if i.isDry() { // the user may not exist
		return ""
	}
	dialer, err := i.Session.Dialer(ctx)
	if err != nil {
		return "the certificate could not be tried: " + err.Error()
	}
	if !dialer.Secure() {
		return "the endpoints are used without TLS, so the server cannot identify users by certificates"
	}
	if i.key == nil {
		return i.trustedBy(ctx, dialer, cert)
	}
	pair := &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: i.key}
	for _, c := range chain {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	h := &handshakes{}
	client, err := dialer.DialAs(ctx, pair, h.asked)
	if err != nil {
		return "the certificate could not be tried: " + err.Error()
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := i.Session.Timeout(ctx)
	defer cancel()
	// A user may read its own roles. A server that identifies the client as another
	// user, or as no user, refuses.
	err = session.AfterChange(ctx, func() error {
		_, err := client.UserGet(ctx, i.User)
		return err
	})
	switch {
	case err == nil && !h.any():
		return "the server does not request client certificates, so it cannot identify users by them: start it with --client-cert-auth"
	case err == nil:
		return onlyWithAuthentication(ctx, client)
	case errors.Is(err, rpctypes.ErrUserEmpty):
		return "the server accepts the certificate, but does not identify the user by it: start the server with --client-cert-auth"
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		return "the server accepts the certificate, but identifies another user by it, not " + i.User
	}
	return "the server does not accept the certificate: " + client.Explain(ctx, err).Error() + h.trusts(cert)
}

// onlyWithAuthentication returns a warning if authentication is off. In that case the
// server answers every client, so the attempt proves nothing. If authentication is
// on, AuthStatus can fail for a user without the role root. So an error means that
// authentication is on.
func onlyWithAuthentication(ctx context.Context, c *etcd.Client) string {
	if status, err := c.AuthStatus(ctx); err != nil || status.Enabled {
		return ""
	}
	return "authentication is off: whether the server identifies users by certificates can be checked only while it is on"
}

// trustedBy checks a certificate without its private key. It checks whether the
// server lists the issuer among the authorities that it trusts.
func (i *Issue) trustedBy(ctx context.Context, dialer *etcd.Dialer, cert *x509.Certificate) string {
	h := &handshakes{}
	client, err := dialer.DialAs(ctx, &tls.Certificate{}, h.asked)
	if err != nil {
		return ""
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := i.Session.Timeout(ctx)
	defer cancel()
	_, err = client.UserGet(ctx, i.User)
	switch {
	case !h.any() && (err == nil || errors.Is(err, rpctypes.ErrUserEmpty)):
		return "the server does not request client certificates, so it cannot identify users by them: start it with --client-cert-auth"
	case h.any() && h.unknown(cert.RawIssuer):
		return "the server will not accept the certificate" + h.trusts(cert)
	}
	return ""
}

// handshakes records what the server requests in TLS handshakes: whether it requests
// a client certificate, and from which authorities.
type handshakes struct {
	mu      sync.Mutex
	count   int
	trusted [][]byte // names of authorities, in DER
}

func (h *handshakes) asked(info *tls.CertificateRequestInfo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	h.trusted = info.AcceptableCAs
}

func (h *handshakes) any() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count > 0
}

// unknown reports whether the server lists the authorities that it trusts, and issuer
// is not among them.
func (h *handshakes) unknown(issuer []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.trusted) > 0 && !slices.ContainsFunc(h.trusted, func(name []byte) bool { return bytes.Equal(name, issuer) })
}

// trusts returns a text with the authorities that the server trusts. It returns an
// empty string if the server trusts the certificate's issuer or lists none.
func (h *handshakes) trusts(cert *x509.Certificate) string {
	if !h.unknown(cert.RawIssuer) {
		return ""
	}
	var names []string
	for _, der := range h.trusted {
		var rdn pkix.RDNSequence
		if _, err := asn1.Unmarshal(der, &rdn); err != nil {
			continue
		}
		var name pkix.Name
		name.FillFromRDNSequence(&rdn)
		names = append(names, name.String())
	}
	return fmt.Sprintf("; its --trusted-ca-file contains %s, not %s", strings.Join(names, ", "), cert.Issuer)
}
