package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/pki"
)

// checkTLSFiles checks the TLS files before a connection is made. For an invalid file,
// the TLS library and the server report an error late and without the file name. Its
// errors have the status BadArgs.
func (o *Options) checkTLSFiles(ctx context.Context, now time.Time) error {
	err, other := o.checkCACert(ctx, now), o.checkCert(ctx, now)
	switch {
	case err == nil:
		err = other
	case other != nil:
		err = fmt.Errorf("%w; %w", err, other) // on one line, unlike errors.Join
	}
	return exit.With(exit.BadArgs, err)
}

func (o *Options) checkCACert(ctx context.Context, now time.Time) error {
	if o.CACert == "" {
		return nil
	}
	certs, err := o.readCertificates(ctx, o.flag(FlagCACert), o.CACert)
	if err != nil {
		return err
	}
	// A bundle may contain expired authorities next to a valid one.
	var lastErr error
	for _, cert := range certs {
		if lastErr = checkValidity(o.flag(FlagCACert), o.CACert, cert, now); lastErr == nil {
			return nil
		}
	}
	return lastErr
}

func (o *Options) checkCert(ctx context.Context, now time.Time) error {
	switch {
	case o.Cert == "" && o.Key == "":
		return nil
	case o.Key == "":
		return fmt.Errorf("%s %s needs its private key: give %s", o.flag(FlagCert), o.Cert, o.flag(FlagKey))
	case o.Cert == "":
		return fmt.Errorf("%s %s needs its certificate: give %s", o.flag(FlagKey), o.Key, o.flag(FlagCert))
	}
	certs, err := o.readCertificates(ctx, o.flag(FlagCert), o.Cert)
	if err != nil {
		return err
	}
	certPEM, err := o.readFile(ctx, o.Cert)
	if err != nil {
		return fmt.Errorf("%s: %w", o.flag(FlagCert), err)
	}
	keyPEM, err := o.readFile(ctx, o.Key)
	if err != nil {
		return fmt.Errorf("%s: %w", o.flag(FlagKey), err)
	}
	if _, err := tls.X509KeyPair(certPEM, keyPEM); err != nil {
		if block, _ := pem.Decode(keyPEM); block == nil {
			return fmt.Errorf("%s %s: no PEM private key in it", o.flag(FlagKey), o.Key)
		}
		return fmt.Errorf("%s %s and %s %s are not a pair: %w", o.flag(FlagCert), o.Cert, o.flag(FlagKey), o.Key, err)
	}
	return checkValidity(o.flag(FlagCert), o.Cert, certs[0], now)
}

func (o *Options) readCertificates(ctx context.Context, flag, path string) ([]*x509.Certificate, error) {
	data, err := o.readFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	certs, err := pki.ParseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	return certs, nil
}

func checkValidity(flag, path string, cert *x509.Certificate, now time.Time) error {
	const day = "2006-01-02 15:04 MST"
	switch {
	case now.After(cert.NotAfter):
		return fmt.Errorf("%s %s: the certificate of %q expired at %s", flag, path, cert.Subject.CommonName, cert.NotAfter.Format(day))
	case now.Before(cert.NotBefore):
		return fmt.Errorf("%s %s: the certificate of %q is not valid before %s: check this machine's clock", flag, path, cert.Subject.CommonName, cert.NotBefore.Format(day))
	}
	return nil
}
