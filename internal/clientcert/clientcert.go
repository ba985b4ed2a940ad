// Package clientcert makes client certificates that identify users, and requests for
// them. It checks that the user exists, writes the files of a key and its certificate as
// one set, and tries the certificate on the server.
package clientcert

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

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/access/rollback"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/pki"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/internal/shell"
)

// The modes of the files.
const (
	privateMode = 0o600
	publicMode  = 0o644
)

// Issue makes one certificate or certificate request.
type Issue struct {
	Session      *session.Session
	User         string
	Organization []string
	KeyType      pki.KeyType
	KeyFile      string // of the private key; empty if a request contains the public key

	Public  crypto.PublicKey // nil until NewKey, or from a request
	Replace bool             // replace existing files

	// Add adds the user if it does not exist. If Add is nil, the user must exist.
	Add *rollback.Change

	// Changes runs Add, and rolls it back if the files cannot be written.
	Changes *rollback.Sequence

	Flags Flags
	Warn  func(string)

	key crypto.Signer // the new key; nil if a request contains the public key
}

// Flags contains the names of the flags that error messages suggest, without dashes.
type Flags struct {
	Force  string // replace files
	Create string // add the user
}

// isDry reports whether nothing is sent or written.
func (i *Issue) isDry() bool { return i.Session.Connection.DryRun != nil }

// Subject returns the subject of the certificate.
func (i *Issue) Subject() pki.Subject {
	return pki.Subject{CommonName: i.User, Organization: i.Organization}
}

// NewKey generates the private key, and sets Public.
func (i *Issue) NewKey() (key crypto.Signer, err error) {
	if i.key, err = pki.NewKey(i.KeyType); err == nil {
		i.Public = i.key.Public()
	}
	return i.key, err
}

// Current returns the certificate in the file at path if it can be kept. It must name
// the user, match the key, and be signed by the authority. Current skips the check of
// a key or an authority that it cannot read. renewable reports that the certificate
// names the user, so that it may be replaced. Current returns an error if the key
// file has another key, unless Replace is set.
func (i *Issue) Current(ctx context.Context, path, authorityFile string) (cert *x509.Certificate, renewable bool, err error) {
	text, err := iostreams.ReadFile(ctx, path)
	if err != nil {
		return nil, false, nil //nolint:nilerr // the file is not the user's certificate
	}
	certs, err := pki.ParseCertificates(text)
	if err != nil || certs[0].Subject.CommonName != i.User {
		return nil, false, nil //nolint:nilerr // see above
	}
	cert = certs[0]
	public := i.Public
	if public == nil {
		text, err := iostreams.ReadFile(ctx, i.KeyFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, true, nil
		}
		key, err := pki.ParseKey(text)
		if err == nil && pki.Pair(cert, key.Public()) {
			public = key.Public()
		} else if !i.Replace {
			return nil, false, exit.With(exit.IO, fmt.Errorf("%s and %s are not a pair: nothing was written; --%s replaces both", path, i.KeyFile, i.Flags.Force))
		}
	}
	if public == nil || !pki.Pair(cert, public) {
		return nil, true, nil
	}
	if text, err = iostreams.ReadFile(ctx, authorityFile); err == nil {
		if authorities, err := pki.ParseCertificates(text); err == nil && !pki.SignedByOneOf(cert, authorities) {
			return nil, true, nil
		}
	}
	return cert, true, nil
}

// CheckFree returns an error if a file already exists and Replace is not set.
func (i *Issue) CheckFree(paths ...string) error {
	for _, path := range paths {
		if path == "" || i.Replace {
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

func (i *Issue) taken(path string) error {
	return exit.With(exit.IO, fmt.Errorf("%s already exists: nothing was written; --%s replaces it", path, i.Flags.Force))
}

// Recover completes the files of an earlier run that was killed while it wrote them.
func (i *Issue) Recover(ctx context.Context, path string) error {
	if i.isDry() {
		return nil
	}
	finished, err := atomicfile.Recover(ctx, i.paths(path)...)
	if err != nil {
		return exit.With(exit.IO, err)
	}
	if finished {
		i.Warn(fmt.Sprintf("an earlier run was killed while it wrote %s and %s: both are now complete", i.KeyFile, path))
	}
	return nil
}

// paths returns the files to write. The last one is the file at path.
func (i *Issue) paths(path string) []string {
	if i.KeyFile == "" {
		return []string{path}
	}
	return []string{i.KeyFile, path}
}

// Write ensures that the user exists, then writes the file at path and the file of
// the new key, either both or neither. In a dry run it writes none. created reports that the user was added.
func (i *Issue) Write(ctx context.Context, path string, content []byte) (created bool, err error) {
	files := []atomicfile.Content{{Path: path, Data: content, Mode: publicMode}}
	if i.key != nil {
		text, err := pki.EncodeKey(i.key)
		if err != nil {
			return false, err
		}
		files = slices.Insert(files, 0, atomicfile.Content{Path: i.KeyFile, Data: text, Mode: privateMode})
	}
	if i.isDry() {
		return i.ensureUser(ctx)
	}
	set, err := atomicfile.WriteSet(i.Replace, files...)
	if err != nil {
		return false, exit.With(exit.IO, fmt.Errorf("%w; nothing was written", err))
	}
	defer set.Abort() // no effect after Commit
	if created, err = i.ensureUser(ctx); err != nil {
		return false, err
	}
	if err := set.Commit(ctx); err != nil {
		var taken *fs.PathError
		if errors.As(err, &taken) && errors.Is(err, fs.ErrExist) {
			err = i.taken(taken.Path)
		} else {
			err = exit.With(exit.IO, fmt.Errorf("%w; nothing was written", err))
		}
		return false, i.Changes.Fail(ctx, err)
	}
	i.warnOfMode()
	return created, nil
}

// warnOfMode warns if a replaced key file keeps a mode that allows other users to
// read the key.
func (i *Issue) warnOfMode() {
	if i.key == nil || runtime.GOOS == "windows" { // Windows does not have these modes
		return
	}
	const others = 0o077
	if info, err := os.Stat(i.KeyFile); err == nil && info.Mode().Perm()&others != 0 {
		warning := fmt.Sprintf("%s keeps its mode %#o, so other users can read it", i.KeyFile, info.Mode().Perm())
		if line, ok := shell.Line("chmod", "600", i.KeyFile); ok {
			warning += ": " + line
		}
		i.Warn(warning)
	}
}

// ensureUser returns an error if the user does not exist and cannot be added.
func (i *Issue) ensureUser(ctx context.Context) (created bool, err error) {
	if i.Add != nil {
		err := i.Changes.Do(ctx, *i.Add)
		if errors.Is(err, rpctypes.ErrUserAlreadyExist) {
			return false, nil
		}
		return err == nil, err
	}
	err = i.Session.Do(ctx, func(ctx context.Context, c *etcd.Client) error {
		_, err := c.UserGet(ctx, i.User)
		return err
	})
	if errors.Is(err, rpctypes.ErrUserNotFound) {
		err = diagnose.WithReason(err, fmt.Sprintf("no certificate was made; --%s adds %s", i.Flags.Create, i.User))
	}
	return false, err
}
