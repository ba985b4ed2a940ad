package user

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/pki"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/shell"
	"github.com/ectl-io/ectl/output"
)

// Who may read the files.
const (
	privateMode = 0o600
	publicMode  = 0o644
)

func runGetCert(ctx context.Context, f *cli.Factory, opts *getCertOptions) error {
	if opts.CSROut != "" {
		return runRequest(ctx, f, opts)
	}
	now := time.Now()
	i := issue{f: f, opts: opts, replace: opts.Force}
	if err := i.readPublicKey(ctx); err != nil {
		return err
	}
	if err := i.recover(ctx, opts.CertFile); err != nil {
		return err
	}
	if opts.RenewBefore > 0 {
		current, renewable, err := i.current(ctx)
		if err != nil {
			return err
		}
		if current != nil && current.NotAfter.Sub(now) > opts.RenewBefore {
			result := i.result(current)
			result.Unchanged = true
			if !f.Quiet {
				f.Say(fmt.Sprintf("The certificate of %s in %s is good until %s: unchanged", opts.Name, opts.CertFile, result.NotAfter))
			}
			return f.Print(result)
		}
		i.replace = i.replace || renewable
	}
	if err := i.free(opts.CertFile, opts.KeyFile); err != nil {
		return err
	}
	authority, err := i.authority(ctx, now)
	if err != nil {
		return err
	}
	if i.public == nil {
		if err := i.newKey(); err != nil {
			return err
		}
	}
	cert, shortened, err := authority.SignClient(i.subject(), i.public, opts.TTL, now)
	if err != nil {
		return err
	}
	created, err := i.write(ctx, opts.CertFile, pki.EncodeCertificates(append([]*x509.Certificate{cert}, authority.Chain...)...))
	if err != nil {
		return err
	}
	if shortened {
		warning := fmt.Sprintf("the certificate is valid for less than --%s: the authority's own certificate expires at %s", flagTTL, cert.NotAfter.UTC().Format(time.RFC3339))
		if cert.NotAfter.Sub(now) <= opts.RenewBefore {
			warning += fmt.Sprintf("; with this --%s, every run replaces the certificate", flagRenewBefore)
		}
		f.Warn(warning)
	}
	if warning := i.tryOut(ctx, cert, authority.Chain); warning != "" {
		f.Warn(warning)
	}
	result := i.result(cert)
	result.Created = created
	return f.Print(result)
}

// runRequest makes a key and a request for a certificate of it.
func runRequest(ctx context.Context, f *cli.Factory, opts *getCertOptions) error {
	i := issue{f: f, opts: opts, replace: opts.Force}
	if err := i.recover(ctx, opts.CSROut); err != nil {
		return err
	}
	if err := i.free(opts.CSROut, opts.KeyFile); err != nil {
		return err
	}
	if err := i.newKey(); err != nil {
		return err
	}
	request, err := pki.NewRequest(i.subject(), i.key)
	if err != nil {
		return err
	}
	created, err := i.write(ctx, opts.CSROut, request)
	if err != nil {
		return err
	}
	return f.Print(output.CertificateRequest{User: opts.Name, Created: created, RequestFile: opts.CSROut, KeyFile: opts.KeyFile})
}

// issue makes one certificate or request.
type issue struct {
	f       *cli.Factory
	opts    *getCertOptions
	key     crypto.Signer    // new; nil if a request has the public key
	public  crypto.PublicKey // nil until it is known
	replace bool             // replace existing files
}

func (i *issue) subject() pki.Subject {
	return pki.Subject{CommonName: i.opts.Name, Organization: i.opts.Organization}
}

func (i *issue) newKey() (err error) {
	if i.key, err = pki.NewKey(pki.KeyType(i.opts.KeyType)); err == nil {
		i.public = i.key.Public()
	}
	return err
}

// readPublicKey reads the public key of the request, if one is given.
func (i *issue) readPublicKey(ctx context.Context) error {
	path := i.opts.CSR
	if path == "" {
		return nil
	}
	text, _, err := secret.ReadAll(ctx, path, i.f.Stdin())
	if err != nil {
		return exit.BadArgsf("--%s: %w", flagCSR, err)
	}
	request, err := pki.ParseRequest(text)
	if err != nil {
		return exit.BadArgsf("--%s %s: %w", flagCSR, path, err)
	}
	if name := request.Subject.CommonName; name != "" && name != i.opts.Name {
		return exit.BadArgsf("--%s %s: the common name of the request is %q: want %q", flagCSR, path, name, i.opts.Name)
	}
	i.public = request.PublicKey
	return nil
}

// current returns the certificate in the file if it is the user's, fits the key, and
// is signed by the authority, as far as key and authority can be read. renewable
// reports that the certificate is the user's, so that it may be replaced. A key file
// with another key is an error, unless it may be replaced.
func (i *issue) current(ctx context.Context) (cert *x509.Certificate, renewable bool, err error) {
	text, err := iostreams.ReadFile(ctx, i.opts.CertFile)
	if err != nil {
		return nil, false, nil //nolint:nilerr // the file is not the user's certificate
	}
	certs, err := pki.ParseCertificates(text)
	if err != nil || certs[0].Subject.CommonName != i.opts.Name {
		return nil, false, nil //nolint:nilerr // see above
	}
	cert = certs[0]
	public := i.public
	if public == nil {
		text, err := iostreams.ReadFile(ctx, i.opts.KeyFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, true, nil
		}
		key, err := pki.ParseKey(text)
		if err == nil && pki.Pair(cert, key.Public()) {
			public = key.Public()
		} else if !i.replace {
			return nil, false, exit.With(exit.IO, fmt.Errorf("%s and %s are not a pair: nothing was written; --%s replaces both", i.opts.CertFile, i.opts.KeyFile, flagForce))
		}
	}
	if public == nil || !pki.Pair(cert, public) {
		return nil, true, nil
	}
	if text, err = iostreams.ReadFile(ctx, i.opts.CACert); err == nil {
		if authorities, err := pki.ParseCertificates(text); err == nil && !pki.SignedByOneOf(cert, authorities) {
			return nil, true, nil
		}
	}
	return cert, true, nil
}

// free returns an error if a file exists that must not be replaced.
func (i *issue) free(paths ...string) error {
	for _, path := range paths {
		if path == "" || i.replace {
			continue
		}
		if _, err := os.Lstat(path); err == nil {
			return i.taken(path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return exit.With(exit.IO, err)
		}
	}
	return nil
}

func (i *issue) taken(path string) error {
	return exit.With(exit.IO, fmt.Errorf("%s already exists: nothing was written; --%s replaces it", path, flagForce))
}

func (i *issue) authority(ctx context.Context, now time.Time) (*pki.Authority, error) {
	opts := i.opts
	if opts.CACert == "" {
		return nil, exit.BadArgsf("no authority given: name the file of its certificate with --%s or --%s", flagCACert, etcd.FlagCACert)
	}
	text, err := iostreams.ReadFile(ctx, opts.CACert)
	if err != nil {
		return nil, exit.BadArgsf("--%s: %w", flagCACert, err)
	}
	certs, err := pki.ParseCertificates(text)
	if err != nil {
		return nil, exit.BadArgsf("--%s %s: %w", flagCACert, opts.CACert, err)
	}
	text, warning, err := secret.ReadAll(ctx, opts.CAKey, i.f.Stdin())
	if err != nil {
		return nil, exit.BadArgsf("--%s: %w", flagCAKey, err)
	}
	if warning != "" {
		i.f.Warn(warning)
	}
	key, err := pki.ParseKey(text)
	if errors.Is(err, pki.ErrEncrypted) {
		err = fmt.Errorf("%w: decrypt it in a pipe: %s | %s user get-cert ... --%s -", err, decryption(opts.CAKey), i.f.Program, flagCAKey)
	}
	if err != nil {
		return nil, exit.BadArgsf("--%s %s: %w", flagCAKey, opts.CAKey, err)
	}
	authority, err := pki.NewAuthority(certs, key, now)
	if err != nil {
		return nil, exit.BadArgsf("--%s %s, --%s %s: %w", flagCACert, opts.CACert, flagCAKey, opts.CAKey, err)
	}
	return authority, nil
}

// recover finishes the writes of an earlier run with these files that was killed.
func (i *issue) recover(ctx context.Context, path string) error {
	finished, err := atomicfile.Recover(ctx, i.paths(path)...)
	if err != nil {
		return exit.With(exit.IO, err)
	}
	if finished {
		i.f.Warn(fmt.Sprintf("an earlier run was killed while it wrote %s and %s: both are now complete", i.opts.KeyFile, path))
	}
	return nil
}

// paths returns the files to write. The file at path is the last.
func (i *issue) paths(path string) []string {
	if i.opts.KeyFile == "" {
		return []string{path}
	}
	return []string{i.opts.KeyFile, path}
}

// decryption returns the command that decrypts the key in the file at path.
func decryption(path string) string {
	line, ok := shell.Line("openssl", "pkey", "-in", path)
	if !ok {
		line = "openssl pkey -in FILE"
	}
	return line
}

// write makes sure that the user exists, and writes the file at path and the file of
// the new key, both or neither. created reports that the user was added.
func (i *issue) write(ctx context.Context, path string, content []byte) (created bool, err error) {
	files := []atomicfile.Content{{Path: path, Data: content, Mode: publicMode}}
	if i.key != nil {
		text, err := pki.EncodeKey(i.key)
		if err != nil {
			return false, err
		}
		files = slices.Insert(files, 0, atomicfile.Content{Path: i.opts.KeyFile, Data: text, Mode: privateMode})
	}
	set, err := atomicfile.WriteSet(i.replace, files...)
	if err != nil {
		return false, exit.With(exit.IO, fmt.Errorf("%w; nothing was written", err))
	}
	defer set.Discard() // does nothing once the files have their names
	steps := i.f.Changes()
	if created, err = i.ensureUser(ctx, steps); err != nil {
		return false, err
	}
	if err := set.Commit(ctx); err != nil {
		var taken *fs.PathError
		if errors.As(err, &taken) && errors.Is(err, fs.ErrExist) {
			err = i.taken(taken.Path)
		} else {
			err = exit.With(exit.IO, fmt.Errorf("%w; nothing was written", err))
		}
		return false, steps.Fail(ctx, err)
	}
	i.warnOfMode()
	return created, nil
}

// warnOfMode warns if a replaced file keeps a mode that lets others read the key.
func (i *issue) warnOfMode() {
	if i.key == nil || runtime.GOOS == "windows" { // Windows has no such modes
		return
	}
	const others = 0o077
	if info, err := os.Stat(i.opts.KeyFile); err == nil && info.Mode().Perm()&others != 0 {
		warning := fmt.Sprintf("%s keeps its mode %#o, so other users can read it", i.opts.KeyFile, info.Mode().Perm())
		if line, ok := shell.Line("chmod", "600", i.opts.KeyFile); ok {
			warning += ": " + line
		}
		i.f.Warn(warning)
	}
}

// ensureUser returns an error if the user does not exist, unless --create adds it.
func (i *issue) ensureUser(ctx context.Context, steps *rollback.Sequence) (created bool, err error) {
	name := i.opts.Name
	if i.opts.Create {
		err := steps.Do(ctx, addUser(&addOptions{Name: name, NoPassword: true}, "", nil))
		if errors.Is(err, rpctypes.ErrUserAlreadyExist) {
			return false, nil
		}
		return err == nil, err
	}
	_, err = cli.Call(ctx, i.f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserGetResponse, error) {
		return c.UserGet(ctx, name)
	})
	if errors.Is(err, rpctypes.ErrUserNotFound) {
		err = diagnose.WithReason(err, fmt.Sprintf("no certificate was made; --%s adds %s", flagCreate, name))
	}
	return false, err
}

func (i *issue) result(cert *x509.Certificate) output.UserCertificate {
	return output.UserCertificate{
		User: i.opts.Name, CertFile: i.opts.CertFile, KeyFile: i.opts.KeyFile,
		Issuer: cert.Issuer.String(), Serial: cert.SerialNumber.Text(16),
		NotBefore: cert.NotBefore.UTC().Format(time.RFC3339), NotAfter: cert.NotAfter.UTC().Format(time.RFC3339),
	}
}
