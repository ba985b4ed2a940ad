// Package atomicfile writes files that are complete or absent, whenever the program is
// killed. A file is written beside its place, under a temporary name that contains its
// name. It is renamed after it was synced to the disk. A process holds a lock on each of
// its temporary files, so the next run can remove those of killed runs.
package atomicfile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The names of temporary files are NAME.ID and one of these.
const (
	// partSuffix: it is being written, or waits for its name.
	partSuffix = ".part"

	// replaceSuffix and createSuffix: it is the last file of a set. All files of
	// the set are complete and get their names. With createSuffix they replace
	// no file.
	replaceSuffix = ".replace"
	createSuffix  = ".create"

	// beforeSuffix: it had the name before.
	beforeSuffix = ".before"
)

// An ID is random bytes, in hexadecimal, and of a set a checksum as well.
const (
	randomSize = 8
	idLength   = 2 * randomSize
)

// File is a file that gets its name when it is complete. Until then it is a
// temporary one, which only its owner may read.
type File struct {
	*os.File
	path      string
	finished  bool // it is written and on the disk
	committed bool
}

// Create makes the temporary file for the file at path. It removes those that
// killed runs left. A symbolic link is replaced, and what it leads to stays; but
// a folder, device, pipe or descriptor is neither replaced itself nor by a link
// to it.
func Create(path string) (*File, error) {
	if err := Check(path); err != nil {
		return nil, err
	}
	removeParts(path)
	temporary, err := createPart(path, randomID())
	if err != nil {
		return nil, err
	}
	return &File{File: temporary, path: path}, nil
}

func randomID() string {
	random := make([]byte, randomSize)
	_, _ = rand.Read(random) // it never fails
	return hex.EncodeToString(random)
}

// mostAttempts is how often a temporary file is created that is removed at
// once: another process has seen it before it was locked.
const mostAttempts = 100

// createPart creates the temporary file of a target and locks it.
func createPart(target, id string) (*os.File, error) {
	path := target + "." + id + partSuffix
	for range mostAttempts {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, privateMode)
		if err != nil {
			return nil, err
		}
		// A file system without locks has no sweepers either.
		if err := lockFile(file); !errors.Is(err, ErrLocked) && isAt(file, path) {
			return file, nil
		}
		_ = file.Close()
		_ = os.Remove(path)
	}
	return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("another process removes it again and again")}
}

// privateMode is the mode of files that only their owner may read.
const privateMode = 0o600

// isAt says whether path still names the file.
func isAt(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(held, named)
}

// Write makes the temporary file for the file at path, with content and mode.
// What a full disk does to it shows here, before the file has its name.
func Write(path string, content []byte, mode os.FileMode) (*File, error) {
	f, err := Create(path)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(content); err == nil {
		if err = f.Chmod(mode); err == nil {
			err = f.finish()
		}
	}
	if err != nil {
		f.Abort()
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
	f.finished = true
	return nil
}

// Commit gives the file its name, replacing an existing file, once its content
// is on the disk.
func (f *File) Commit() error {
	if err := f.finish(); err != nil {
		return err
	}
	if err := closeToRename(f.File); err != nil {
		return fmt.Errorf("%s is not on the disk: %w", f.path, err)
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return fmt.Errorf("%s is complete, but did not get its name: %w", f.path, err)
	}
	f.committed = true
	syncFolder(f.path)
	_ = f.Close() // what it has is on the disk
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

// Abort removes the temporary file, unless the file was committed.
func (f *File) Abort() {
	if f.committed {
		return
	}
	// Windows removes no open file. Elsewhere the order keeps it locked until it
	// has gone.
	_ = closeToRename(f.File)
	_ = os.Remove(f.Name())
	_ = f.Close()
}
