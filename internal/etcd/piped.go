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

// maxTLSFile is more than any file of keys or certificates has, in bytes.
const maxTLSFile = 16 << 20

// readFile reads a file of TLS until ctx ends. What is no regular file, as the
// pipe of "--cacert <(command)", can be read only once: its content is kept for
// all clients that these options and their copies make.
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
		// Copies of the options share the map that they were copied with.
		kept := maps.Clone(o.piped)
		if kept == nil {
			kept = map[string][]byte{}
		}
		kept[path] = read.content
		o.piped = kept
	}
	return read.content, err
}

// pipedTLS is the content of those TLS files that are pipes.
type pipedTLS struct{ cacert, cert, key []byte }

// takePiped takes from secure the files that the client library could not read,
// because they have been read.
func (o *Options) takePiped(secure *clientv3.SecureConfig) (p pipedTLS) {
	if content, piped := o.piped[secure.Cacert]; piped {
		p.cacert, secure.Cacert = content, ""
	}
	_, certPiped := o.piped[secure.Cert]
	_, keyPiped := o.piped[secure.Key]
	if !certPiped && !keyPiped {
		return p
	}
	// checkTLSFiles has read both, and one that is a regular file once more is
	// no matter.
	p.cert, _ = o.readFile(context.Background(), secure.Cert)
	p.key, _ = o.readFile(context.Background(), secure.Key)
	secure.Cert, secure.Key = "", ""
	return p
}

// addTo adds to a configuration what the client library makes of files.
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
