// Package atomicfile writes files that are there whole or not at all.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// File is a file that gets its name when it is complete: until then it is a
// temporary one beside it, which only its owner may read.
type File struct {
	*os.File
	path     string
	finished bool // written and on the disk
	kept     bool
}

// Create makes the temporary file for the file at path, which must not be a
// folder.
func Create(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &fs.PathError{Op: "replace", Path: path, Err: errors.New("is a directory")}
	}
	return create(path)
}

// create makes the temporary file. What is there already must not be a device or
// a pipe: /dev/null is to stay what it is.
func create(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "replace", Path: path, Err: errors.New("is no regular file")}
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return nil, err
	}
	return &File{File: temporary, path: path}, nil
}

// Write makes the temporary file for the file at path, with content and mode.
// What a full disk does to it shows here, before the file has its name.
func Write(path string, content []byte, mode os.FileMode) (*File, error) {
	f, err := create(path)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(content); err == nil {
		if err = f.Chmod(mode); err == nil {
			err = f.finish()
		}
	}
	if err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

// finish puts the content on the disk.
func (f *File) finish() error {
	if f.finished {
		return nil
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("%s is not on the disk: %w", f.path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s is not on the disk: %w", f.path, err)
	}
	f.finished = true
	return nil
}

// Keep gives the file its name, in place of one that has it, once its content
// is on the disk.
func (f *File) Keep() error {
	if err := f.finish(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return fmt.Errorf("%s is complete, but did not get its name: %w", f.path, err)
	}
	f.kept = true
	syncFolder(f.path)
	return nil
}

// syncFolder puts the names of the folder of path on the disk, too, where
// folders can be synced at all.
func syncFolder(path string) {
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}

// Discard removes what has not been kept.
func (f *File) Discard() {
	if !f.kept {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

// KeepAll gives files that Write made their names, one right after the other,
// or leaves everything as it was. Where a file has such a name already, it is
// replaced if replace says so; otherwise the error is an fs.ErrExist.
func KeepAll(replace bool, files ...*File) error {
	var done []func() error
	var old []string
	for _, f := range files {
		before, err := f.takeName(replace)
		if err != nil {
			for _, undo := range slices.Backward(done) {
				err = errors.Join(err, undo())
			}
			return err
		}
		if before == "" {
			done = append(done, func() error { return os.Remove(f.path) })
		} else {
			old = append(old, before)
			done = append(done, func() error { return os.Rename(before, f.path) })
		}
	}
	for _, path := range old {
		_ = os.Remove(path)
	}
	for _, f := range files {
		f.kept = true
		syncFolder(f.path)
	}
	return nil
}

// takeName gives the file its name. before is where the file is now that had
// it.
func (f *File) takeName(replace bool) (before string, err error) {
	if !replace {
		// Unlike a renaming, a link never takes the place of another file.
		err := os.Link(f.Name(), f.path)
		switch {
		case err == nil:
			return "", os.Remove(f.Name())
		case errors.Is(err, fs.ErrExist):
			return "", err
		}
		// The file system may have no links.
		if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
			return "", &fs.PathError{Op: "create", Path: f.path, Err: fs.ErrExist}
		}
	}
	if info, err := os.Lstat(f.path); err == nil {
		if info.IsDir() {
			return "", &fs.PathError{Op: "replace", Path: f.path, Err: errors.New("is a directory")}
		}
		before = f.Name() + ".before"
		if os.Link(f.path, before) != nil {
			// Without links there is a moment without the file.
			if err := os.Rename(f.path, before); err != nil {
				return "", err
			}
		}
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		if before != "" {
			err = errors.Join(err, os.Rename(before, f.path))
		}
		return "", err
	}
	return before, nil
}
