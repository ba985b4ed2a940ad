package atomicfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Content holds the path, the data and the mode of a file of a set. The mode applies to a
// new file.
type Content struct {
	Path string
	Data []byte
	Mode os.FileMode
}

// Set writes files that get their names together, for example a key and its certificate.
//
// All files are first written under temporary names. The set is complete when the last
// file is renamed to NAME.ID.replace or NAME.ID.create. If the run is killed after that,
// the next run completes the set with Recover. The ID contains a checksum of all files,
// so that Recover completes the set only if its files are unchanged.
type Set struct {
	replace bool
	id      string
	files   []*setFile
}

// setFile describes a file of a set.
type setFile struct {
	name    string // the path that the caller gave
	target  string // the path that name leads to
	file    *os.File
	path    string // the current path of file: temporary, then target
	before  string // the temporary path of the file that had the name
	changed bool   // target names this file
}

// WriteSet creates the temporary files of a set and syncs them to the disk. Files that
// replace others get their mode, owner and group. A symbolic link stays, and its target
// is replaced. A full disk is reported here.
func WriteSet(replace bool, contents ...Content) (_ *Set, err error) {
	s := &Set{replace: replace, id: randomID()}
	sum := newSum(s.id)
	for _, content := range contents {
		target, err := targetOf(content.Path)
		if err != nil {
			return nil, err
		}
		for _, other := range s.files {
			if other.target == target {
				return nil, &fs.PathError{Op: "write", Path: content.Path, Err: fmt.Errorf("is the same file as %s", other.name)}
			}
		}
		s.files = append(s.files, &setFile{name: content.Path, target: target})
		sum.add(content.Data)
	}
	s.id += sum.String()
	defer func() {
		if err != nil {
			s.Abort()
		}
	}()
	for i, content := range contents {
		f := s.files[i]
		if f.file, err = createPart(f.target, s.id); err != nil {
			return nil, err
		}
		f.path = f.file.Name()
		if err := f.write(content, replace); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (f *setFile) write(content Content, replace bool) error {
	if _, err := f.file.Write(content.Data); err != nil {
		return err
	}
	mode := content.Mode
	if info, err := os.Lstat(f.target); err == nil && replace {
		mode = info.Mode().Perm()
		if err := setOwner(f.file, info); err != nil {
			return fmt.Errorf("%s cannot be replaced by a file of the same owner: %w", f.name, err)
		}
	}
	if err := f.file.Chmod(mode); err != nil {
		return err
	}
	return f.file.Sync()
}

// sum computes the checksum of the contents of a set.
type sum struct{ hash.Hash }

// sumSize is the number of bytes of the checksum in an ID.
const sumSize = 12

func newSum(random string) sum {
	s := sum{sha256.New()}
	s.add([]byte(random))
	return s
}

func (s sum) add(content []byte) {
	one := sha256.Sum256(content)
	_, _ = s.Write(one[:]) // it never fails
}

func (s sum) String() string { return hex.EncodeToString(s.Sum(nil)[:sumSize]) }

// Commit gives the files their names. After an error it restores the earlier files. If a
// name is taken and the set must not replace files, the error wraps fs.ErrExist and has
// the path. Commit waits for other processes that commit the same files.
func (s *Set) Commit(ctx context.Context) error {
	unlock, err := lockAll(ctx, s.targets())
	if err != nil {
		return err
	}
	defer unlock()
	last := s.files[len(s.files)-1]
	for _, f := range s.files {
		if err := s.free(f); err != nil {
			return err
		}
	}
	for _, f := range s.files {
		discardMarks(f.target) // they belong to earlier sets
	}
	if len(s.files) > 1 {
		for _, f := range s.files {
			syncFolder(f.target)
		}
		if err := last.moveTo(last.target + "." + s.id + s.mark()); err != nil {
			return err
		}
		syncFolder(last.target)
	}
	for _, f := range s.files {
		if err := s.place(f); err != nil {
			return errors.Join(err, s.undo())
		}
		syncFolder(f.target)
	}
	for _, f := range s.files {
		if f.before != "" {
			_ = os.Remove(f.before)
		}
		_ = f.file.Close()
	}
	return nil
}

func (s *Set) mark() string {
	if s.replace {
		return replaceSuffix
	}
	return createSuffix
}

func (s *Set) targets() []string {
	var targets []string
	for _, f := range s.files {
		targets = append(targets, f.target)
	}
	return targets
}

// free returns an error if a file must not get its name.
func (s *Set) free(f *setFile) error {
	if _, err := os.Lstat(f.target); err == nil && !s.replace {
		return &fs.PathError{Op: "create", Path: f.name, Err: fs.ErrExist}
	}
	return Check(f.target)
}

func (f *setFile) moveTo(path string) error {
	if err := closeToRename(f.file); err != nil {
		return err
	}
	if err := os.Rename(f.path, path); err != nil {
		return err
	}
	f.path = path
	return nil
}

// place gives a file its name. If it replaces a file, it keeps that under a temporary
// name.
func (s *Set) place(f *setFile) error {
	if !s.replace {
		err := create(f.path, f.target)
		f.changed = err == nil
		if errors.Is(err, fs.ErrExist) {
			err = &fs.PathError{Op: "create", Path: f.name, Err: fs.ErrExist}
		}
		return err
	}
	if _, err := os.Lstat(f.target); err == nil {
		before := f.target + "." + s.id + beforeSuffix
		if err := keepBefore(f.target, before); err != nil {
			return err
		}
		f.before = before
	}
	if err := f.moveTo(f.target); err != nil {
		return err
	}
	f.changed = true
	return nil
}

// create renames path to target if target does not exist.
func create(path, target string) error {
	// Unlike a rename, a link never replaces another file.
	err := os.Link(path, target)
	switch {
	case err == nil:
		return os.Remove(path)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	// The file system may not support links.
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		return fs.ErrExist
	}
	return os.Rename(path, target)
}

// keepBefore gives the file at target the additional name before.
func keepBefore(target, before string) error {
	if os.Link(target, before) == nil {
		return nil
	}
	// Without links, there is no file at target for a moment.
	return os.Rename(target, before)
}

// undo restores the earlier files.
func (s *Set) undo() (err error) {
	for _, f := range slices.Backward(s.files) {
		switch {
		case f.before != "":
			err = errors.Join(err, os.Rename(f.before, f.target))
		case f.changed:
			err = errors.Join(err, os.Remove(f.target))
		}
	}
	return err
}

// Abort removes the remaining temporary files.
func (s *Set) Abort() {
	for _, f := range s.files {
		if f.file == nil {
			continue
		}
		if f.path != f.target {
			_ = closeToRename(f.file)
			_ = os.Remove(f.path)
		}
		_ = f.file.Close()
	}
}

// readAll returns the whole content of an open file.
func readAll(file *os.File) ([]byte, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(file)
}
