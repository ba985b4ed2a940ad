package contexts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/limited"
)

// Store is the file of the contexts. It may not exist.
type Store struct{ path string }

// NewStore returns the Store of the environment, in the user's configuration folder.
func NewStore(lookup func(string) (string, bool)) (*Store, error) {
	for _, place := range []struct{ variable, below string }{{"XDG_CONFIG_HOME", "ectl"}, {"HOME", ".config/ectl"}, {"AppData", "ectl"}} {
		if folder, ok := lookup(place.variable); ok && filepath.IsAbs(folder) {
			return &Store{filepath.Join(folder, filepath.FromSlash(place.below), fileName)}, nil
		}
	}
	return nil, errors.New("there is no folder for contexts: set XDG_CONFIG_HOME or HOME")
}

const fileName = "contexts.yaml"

// The modes of the folder and of the file.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// maxFile is the maximum size of the file, in bytes.
const maxFile = 1 << 20

// Path returns the name of the file.
func (s *Store) Path() string { return s.path }

// ErrUnknown reports that there is no context of a name.
var ErrUnknown = errors.New("unknown context")

// Find returns the context called name, or the current context if name is empty. It
// returns nil if there is no current context. It parses only the context that it returns.
func (s *Store) Find(name string) (*Context, error) {
	text, err := s.content()
	if err != nil {
		return nil, err
	}
	all := documents(text)
	current := name == ""
	if current {
		if name = valueOf(all[0], fieldCurrent); name == "" {
			return nil, nil //nolint:nilnil // no current context is no error
		}
	}
	lines := 0
	for _, document := range all {
		if valueOf(document, fieldName) == name {
			c, _, err := parseDocument(document, lines)
			if err != nil {
				return nil, s.at(err)
			}
			if c != nil && c.Name == name {
				return c, nil
			}
		}
		lines += countLines(document) + 1
	}
	file, err := s.Read() // a person may have written the name in another way
	if err != nil {
		return nil, err
	}
	if c := file.Find(name); c != nil {
		return c, nil
	}
	if current {
		return nil, fmt.Errorf("%w: the current context %s does not exist", ErrUnknown, name)
	}
	return nil, fmt.Errorf("%w %q", ErrUnknown, name)
}

func countLines(text []byte) int {
	n := 0
	for _, b := range text {
		if b == '\n' {
			n++
		}
	}
	return n
}

// Read returns all contexts.
func (s *Store) Read() (*File, error) {
	text, err := s.content()
	if err != nil {
		return nil, err
	}
	file, err := parse(text)
	if err != nil {
		return nil, s.at(err)
	}
	return file, nil
}

// Update changes the file. Processes that update it do so one after the other. The file is
// replaced as a whole, or stays as it is. If change returns an error, the file stays, too.
func (s *Store) Update(ctx context.Context, change func(*File) error) error {
	folder := filepath.Dir(s.path)
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if err := atomicfile.CheckUnchangeable(folder, info); err != nil {
		return err
	}
	unlock, err := atomicfile.WaitForLock(ctx, s.path)
	if err != nil {
		return err
	}
	defer unlock()
	file, err := s.Read()
	if err != nil {
		return err
	}
	if err := change(file); err != nil {
		return err
	}
	text, err := file.text()
	if err != nil {
		return err
	}
	written, err := atomicfile.Write(s.path, text, fileMode)
	if err != nil {
		return err
	}
	return written.Commit()
}

// content returns the text of the file, which is empty if the file does not exist. It
// refuses a file that another user could have written, because the file names programs and
// the places that passwords are sent to.
func (s *Store) content() ([]byte, error) {
	file, err := atomicfile.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = atomicfile.CheckPrivate(s.path, info)
	}
	if err != nil {
		return nil, err
	}
	return limited.ReadAll(file, s.path, maxFile)
}

// at adds the name of the file to an error of its content.
func (s *Store) at(err error) error { return fmt.Errorf("%s: %w", s.path, err) }
