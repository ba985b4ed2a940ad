package user

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/clientcert"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/pki"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/shell"
	"github.com/ectl-io/ectl/output"
)

func runGetCert(ctx context.Context, f *cli.Factory, opts *getCertOptions) error {
	if opts.CSROut != "" {
		return runRequest(ctx, f, opts)
	}
	now := time.Now()
	i := opts.issue(f)
	if err := opts.readPublicKey(ctx, f, i); err != nil {
		return err
	}
	if err := i.Recover(ctx, opts.CertFile); err != nil {
		return err
	}
	if opts.RenewBefore > 0 {
		current, renewable, err := i.Current(ctx, opts.CertFile, opts.CACert)
		if err != nil {
			return err
		}
		if current != nil && current.NotAfter.Sub(now) > opts.RenewBefore {
			result := opts.result(current)
			result.Unchanged = true
			if !f.Quiet {
				f.Say(fmt.Sprintf("The certificate of %s in %s is good until %s: unchanged", opts.Name, opts.CertFile, result.NotAfter))
			}
			return f.Print(result)
		}
		i.Replace = i.Replace || renewable
	}
	if err := i.CheckFree(opts.CertFile, opts.KeyFile); err != nil {
		return err
	}
	authority, err := opts.authority(ctx, f, now)
	if err != nil {
		return err
	}
	if i.Public == nil {
		if _, err := i.NewKey(); err != nil {
			return err
		}
	}
	cert, shortened, err := authority.SignClient(i.Subject(), i.Public, opts.TTL, now)
	if err != nil {
		return err
	}
	created, err := i.Write(ctx, opts.CertFile, pki.EncodeCertificates(append([]*x509.Certificate{cert}, authority.Chain...)...))
	if err != nil {
		return err
	}
	opts.sayDry(f, opts.KeyFile, opts.CertFile)
	if shortened {
		warning := fmt.Sprintf("the certificate is valid for less than --%s: the authority's own certificate expires at %s", flagTTL, cert.NotAfter.UTC().Format(time.RFC3339))
		if cert.NotAfter.Sub(now) <= opts.RenewBefore {
			warning += fmt.Sprintf("; with this --%s, every run replaces the certificate", flagRenewBefore)
		}
		f.Warn(warning)
	}
	if warning := i.Try(ctx, cert, authority.Chain); warning != "" {
		f.Warn(warning)
	}
	result := opts.result(cert)
	result.Created = created
	return f.Print(result)
}

// runRequest generates a key and creates a certificate signing request.
func runRequest(ctx context.Context, f *cli.Factory, opts *getCertOptions) error {
	i := opts.issue(f)
	if err := i.Recover(ctx, opts.CSROut); err != nil {
		return err
	}
	if err := i.CheckFree(opts.CSROut, opts.KeyFile); err != nil {
		return err
	}
	key, err := i.NewKey()
	if err != nil {
		return err
	}
	request, err := pki.NewRequest(i.Subject(), key)
	if err != nil {
		return err
	}
	created, err := i.Write(ctx, opts.CSROut, request)
	if err != nil {
		return err
	}
	opts.sayDry(f, opts.KeyFile, opts.CSROut)
	return f.Print(output.CertificateRequest{User: opts.Name, Created: created, RequestFile: opts.CSROut, KeyFile: opts.KeyFile})
}

// sayDry names the files that a dry run has not written.
func (o *getCertOptions) sayDry(f *cli.Factory, files ...string) {
	if files = slices.DeleteFunc(files, func(file string) bool { return file == "" }); f.DryRun() {
		f.Say("dry run: " + strings.Join(files, " and ") + " would be written")
	}
}

// issue returns the Issue for the certificate or the request.
func (o *getCertOptions) issue(f *cli.Factory) *clientcert.Issue {
	i := &clientcert.Issue{
		Session: f.Session, User: o.Name, Organization: o.Organization, KeyType: pki.KeyType(o.KeyType), KeyFile: o.KeyFile,
		Replace: o.Force, Changes: f.Changes(), Warn: f.Warn,
		Flags: clientcert.Flags{Force: flagForce, Create: flagCreate},
	}
	if o.Create {
		add := rollback.AddUser(rollback.NewUser{Name: o.Name, NoPassword: true}, func(*pb.ResponseHeader) {})
		i.Add = &add
	}
	return i
}

// readPublicKey reads the public key of the request, if one is given.
func (o *getCertOptions) readPublicKey(ctx context.Context, f *cli.Factory, i *clientcert.Issue) error {
	path := o.CSR
	if path == "" {
		return nil
	}
	text, _, err := secret.ReadAll(ctx, path, f.Stdin())
	if err != nil {
		return exit.BadArgsf("--%s: %w", flagCSR, err)
	}
	request, err := pki.ParseRequest(text)
	if err != nil {
		return exit.BadArgsf("--%s %s: %w", flagCSR, path, err)
	}
	if name := request.Subject.CommonName; name != "" && name != o.Name {
		return exit.BadArgsf("--%s %s: the common name of the request is %q: want %q", flagCSR, path, name, o.Name)
	}
	i.Public = request.PublicKey
	return nil
}

func (o *getCertOptions) authority(ctx context.Context, f *cli.Factory, now time.Time) (*pki.Authority, error) {
	if o.CACert == "" {
		return nil, exit.BadArgsf("no authority given: name the file of its certificate with --%s or --%s", flagCACert, etcd.FlagCACert)
	}
	text, err := iostreams.ReadFile(ctx, o.CACert)
	if err != nil {
		return nil, exit.BadArgsf("--%s: %w", flagCACert, err)
	}
	certs, err := pki.ParseCertificates(text)
	if err != nil {
		return nil, exit.BadArgsf("--%s %s: %w", flagCACert, o.CACert, err)
	}
	text, warning, err := secret.ReadAll(ctx, o.CAKey, f.Stdin())
	if err != nil {
		return nil, exit.BadArgsf("--%s: %w", flagCAKey, err)
	}
	if warning != "" {
		f.Warn(warning)
	}
	key, err := pki.ParseKey(text)
	if errors.Is(err, pki.ErrEncrypted) {
		err = fmt.Errorf("%w: decrypt it in a pipe: %s | %s user get-cert ... --%s -", err, decryption(o.CAKey), f.Program, flagCAKey)
	}
	if err != nil {
		return nil, exit.BadArgsf("--%s %s: %w", flagCAKey, o.CAKey, err)
	}
	authority, err := pki.NewAuthority(certs, key, now)
	if err != nil {
		return nil, exit.BadArgsf("--%s %s, --%s %s: %w", flagCACert, o.CACert, flagCAKey, o.CAKey, err)
	}
	return authority, nil
}

// decryption returns the command that decrypts the key in the file at path.
func decryption(path string) string {
	line, ok := shell.Line("openssl", "pkey", "-in", path)
	if !ok {
		line = "openssl pkey -in FILE"
	}
	return line
}

func (o *getCertOptions) result(cert *x509.Certificate) output.UserCertificate {
	return output.UserCertificate{
		User: o.Name, CertFile: o.CertFile, KeyFile: o.KeyFile,
		Issuer: cert.Issuer.String(), Serial: cert.SerialNumber.Text(16),
		NotBefore: cert.NotBefore.UTC().Format(time.RFC3339), NotAfter: cert.NotAfter.UTC().Format(time.RFC3339),
	}
}
