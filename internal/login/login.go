// Package login keeps the tokens of logins for later processes of the same user, in files
// that only this user can read. It never stores a password.
package login

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/limited"
)

// Login is a login that is kept.
type Login struct {
	User      string    `json:"user"`
	Endpoints []string  `json:"endpoints"`
	Token     string    `json:"token"`
	Since     time.Time `json:"since"`
	Expiry    time.Time `json:"expiry,omitzero"` // zero if the token does not tell
}

// Expired reports whether the token is known to have expired.
func (l *Login) Expired() bool { return !l.Expiry.IsZero() && !time.Now().Before(l.Expiry) }

// Place is what a login is bound to. A token is sent nowhere else.
type Place struct {
	Program   string // the name under which the program was called
	Endpoints []string
	CACert    string // file
	Cert      string // file of the client certificate
	Insecure  bool   // the server's certificate is not verified
}

// name returns the beginning of the names of the files for p.
func (p Place) name() string {
	endpoints := slices.Sorted(slices.Values(p.Endpoints))
	files := []string{p.CACert, p.Cert}
	for i, file := range files {
		if full, err := filepath.Abs(file); err == nil && file != "" {
			files[i] = full
		}
	}
	return hash(fmt.Sprintf("%q %q %q %t", p.Program, endpoints, files, p.Insecure))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// Store is the folder of the logins.
type Store struct{ folder string }

// NewStore returns the Store of the environment: a folder in $XDG_RUNTIME_DIR, which ends
// with the user's session, or else in the user's cache folder. It does not create it.
func NewStore(lookup func(string) (string, bool)) (*Store, error) {
	for _, place := range []struct{ variable, below string }{{"XDG_RUNTIME_DIR", "ectl"}, {"XDG_CACHE_HOME", "ectl/logins"}, {"HOME", ".cache/ectl/logins"}, {"LocalAppData", "ectl/logins"}} {
		if folder, ok := lookup(place.variable); ok && filepath.IsAbs(folder) {
			return &Store{filepath.Join(folder, filepath.FromSlash(place.below))}, nil
		}
	}
	return nil, errors.New("there is no folder for it: set XDG_RUNTIME_DIR or HOME")
}

// The modes of the folder and of its files.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// maxFile is the maximum size of a file, in bytes.
const maxFile = 64 << 10

// check returns an error if the folder is not private.
func (s *Store) check() error {
	info, err := os.Lstat(s.folder)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", s.folder)
	}
	return atomicfile.CheckPrivate(s.folder, info)
}

func (s *Store) path(p Place, user string) string {
	return filepath.Join(s.folder, p.name()+"-"+hash(user))
}

// Save keeps the login of l.User at p. It replaces an earlier one.
func (s *Store) Save(p Place, l Login) error {
	if err := os.MkdirAll(s.folder, folderMode); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	content, err := json.Marshal(l)
	if err != nil {
		return err
	}
	file, err := atomicfile.Write(s.path(p, l.User), content, fileMode)
	if err != nil {
		return err
	}
	return file.Commit()
}

// Find returns the login of the user at p. If user is empty, it returns the latest login
// at p. It prefers a login that has not expired. It returns nil if there is none.
func (s *Store) Find(p Place, user string) (*Login, error) {
	if err := s.check(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil //nolint:nilnil // no login is no error
		}
		return nil, err
	}
	logins, err := s.at(p)
	if err != nil {
		return nil, err
	}
	var found *Login
	for _, l := range logins {
		if user != "" && l.User != user {
			continue
		}
		if found == nil || found.Expired() && !l.Expired() || found.Expired() == l.Expired() && l.Since.After(found.Since) {
			found = l
		}
	}
	return found, nil
}

// at returns all logins at p.
func (s *Store) at(p Place) ([]*Login, error) {
	names, err := filepath.Glob(filepath.Join(s.folder, p.name()+"-*"))
	if err != nil {
		return nil, err
	}
	var logins []*Login
	for _, name := range names {
		if strings.Contains(filepath.Base(name), ".") {
			continue // a temporary file
		}
		l, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process has just removed it
		}
		if err != nil {
			return nil, err
		}
		logins = append(logins, l)
	}
	return logins, nil
}

// read returns the login in the file at path. It does not follow a symbolic link.
func read(path string) (*Login, error) {
	file, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = atomicfile.CheckPrivate(path, info)
	}
	if err != nil {
		return nil, err
	}
	content, err := limited.ReadAll(file, path, maxFile)
	if err != nil {
		return nil, err
	}
	var l Login
	if json.Unmarshal(content, &l) != nil || l.Token == "" || l.User == "" {
		return nil, fmt.Errorf("%s does not hold a login: remove it", path) // without the content
	}
	return &l, nil
}

// Remove removes the login of the user at p, or all logins at p if user is empty. It
// returns the users whose logins it removed.
func (s *Store) Remove(p Place, user string) ([]string, error) {
	if err := s.check(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	logins, err := s.at(p)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, l := range logins {
		if user != "" && l.User != user {
			continue
		}
		if err := os.Remove(s.path(p, l.User)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		removed = append(removed, l.User)
	}
	return removed, nil
}
