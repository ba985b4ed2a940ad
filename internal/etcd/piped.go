package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"maps"
	"os"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/pki"
)

// maxTLSFile is the maximum size of a file of keys or certificates, in bytes. Real files
// are smaller.
const maxTLSFile = 16 << 20

// readFile reads a TLS file until ctx ends. A file that is not regular can be read only
// once, for example the pipe of "--cacert <(command)". So its content is kept for all
// clients of these options and of their copies.
func (o *Options) readFile(ctx context.Context, path string) ([]byte, error) {
	if content, known := o.piped[path]; known {
		return content, nil
	}
	type file struct {
		content []byte
		regular bool
	}
	read, err := iostreams.Await(ctx, func() (f file, err error) {
		opened, err := os.Open(path)
		if err != nil {
			return f, err
		}
		defer opened.Close()
		info, err := opened.Stat()
		if err != nil {
			return f, err
		}
		f.regular = info.Mode().IsRegular()
		f.content, err = limited.ReadAll(opened, "the file", maxTLSFile)
		return f, err
	})
	if err == nil && !read.regular {
		// Copies of the options share their map, so a new map is made.
		kept := maps.Clone(o.piped)
		if kept == nil {
			kept = map[string][]byte{}
		}
		kept[path] = read.content
		o.piped = kept
	}
	return read.content, err
}

// pipedTLS holds the content of the TLS files that are pipes.
type pipedTLS struct{ cacert, cert, key []byte }

// takePiped removes the piped files from secure and returns their content. The client
// library cannot read them again.
func (o *Options) takePiped(secure *clientv3.SecureConfig) (p pipedTLS) {
	if content, piped := o.piped[secure.Cacert]; piped {
		p.cacert, secure.Cacert = content, ""
	}
	_, certPiped := o.piped[secure.Cert]
	_, keyPiped := o.piped[secure.Key]
	if !certPiped && !keyPiped {
		return p
	}
	// checkTLSFiles has read both without an error. A regular file can be read again.
	p.cert, _ = o.readFile(context.Background(), secure.Cert)
	p.key, _ = o.readFile(context.Background(), secure.Key)
	secure.Cert, secure.Key = "", ""
	return p
}

// addTo adds the piped certificates and keys to config, as the client library does with
// files.
func (p pipedTLS) addTo(config *clientv3.Config) error {
	if p.cacert == nil && p.cert == nil {
		return nil
	}
	if config.TLS == nil {
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if p.cacert != nil {
		authorities, err := pki.ParseCertificates(p.cacert)
		if err != nil {
			return err
		}
		config.TLS.RootCAs = x509.NewCertPool()
		for _, authority := range authorities {
			config.TLS.RootCAs.AddCert(authority)
		}
	}
	if p.cert != nil {
		pair, err := tls.X509KeyPair(p.cert, p.key)
		if err != nil {
			return err
		}
		config.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return nil
}
