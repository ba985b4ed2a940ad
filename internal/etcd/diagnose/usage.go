package diagnose

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
)

// noClientUsageError is the refusal of a client certificate that is not for clients. The
// server does not send this reason.
type noClientUsageError struct{ error }

func (e noClientUsageError) Unwrap() error { return e.error }

// alertBadCertificate is the alert of a server that refuses a certificate for another
// reason than its authority or its age.
const alertBadCertificate = "bad certificate"

// withUsage returns err as a noClientUsageError if it is the refusal of a client certificate
// that does not allow client authentication. Otherwise it returns err.
func (a *attempts) withUsage(err error) error {
	if !isAlert(err) || !strings.Contains(innermost(err), alertBadCertificate) {
		return err
	}
	if cert := clientCertificate(a.tls); cert != nil && !allows(cert, x509.ExtKeyUsageClientAuth) {
		return noClientUsageError{err}
	}
	return err
}

// clientCertificate returns the certificate of a client, or nil if it has none.
func clientCertificate(config *tls.Config) *x509.Certificate {
	if config == nil {
		return nil
	}
	var pair *tls.Certificate
	switch {
	case config.GetClientCertificate != nil:
		pair, _ = config.GetClientCertificate(&tls.CertificateRequestInfo{})
	case len(config.Certificates) > 0:
		pair = &config.Certificates[0]
	}
	if pair == nil || len(pair.Certificate) == 0 {
		return nil
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil
	}
	return cert
}

// allows reports whether a certificate allows a usage. One without usages allows all.
func allows(cert *x509.Certificate, usage x509.ExtKeyUsage) bool {
	return len(cert.ExtKeyUsage) == 0 && len(cert.UnknownExtKeyUsage) == 0 ||
		slices.Contains(cert.ExtKeyUsage, usage) || slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// isOfWrongUsage reports whether err refuses the certificate of a server that does not allow
// server authentication.
func isOfWrongUsage(err error) bool {
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok && invalid.Reason == x509.IncompatibleUsage
}
