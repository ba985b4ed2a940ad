// Package atomicfile writes files that are complete or absent, even if the program is
// killed. A file is written next to its target, under a temporary name that begins with
// the name of the target. It is renamed after it was synced to the disk. A process locks
// each of its temporary files, so the next run can remove those of killed runs.
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

// Temporary files are named NAME.ID, followed by one of these suffixes.
const (
	// partSuffix marks a file that is being written, or that is complete and not renamed.
	partSuffix = ".part"

	// replaceSuffix and createSuffix mark the last file of a set. All files of the set
	// are complete, and the process renames them. With createSuffix they replace no file.
	replaceSuffix = ".replace"
	createSuffix  = ".create"

	// beforeSuffix marks the old file that a file of a set replaces.
	beforeSuffix = ".before"
)

// An ID consists of random bytes, in hexadecimal. The ID of a set also has a checksum.
const (
	randomSize = 8
	idLength   = 2 * randomSize
)

// File writes a file under a temporary name until it is complete. Create gives the
// temporary file the mode 0600.
type File struct {
	*os.File
	path      string
	finished  bool // the content is synced to the disk
	committed bool
}

// Create creates the temporary file for the file at path. It removes incomplete temporary
// files of killed runs. Commit replaces a symbolic link itself, and its target stays.
// Create returns an error if path is a folder, device, pipe or descriptor, or a link to
// one.
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

// maxAttempts is the maximum number of attempts to create a temporary file. Another
// process may remove the file before it is locked.
const maxAttempts = 100

// createPart creates the temporary file of a target and locks it.
func createPart(target, id string) (*os.File, error) {
	path := target + "." + id + partSuffix
	for range maxAttempts {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, privateMode)
		if err != nil {
			return nil, err
		}
		// Without file locks, other processes do not remove temporary files either.
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

// isAt reports whether path still names the file.
func isAt(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(held, named)
}

// Write creates the temporary file for the file at path, with content and mode, and syncs
// it to the disk. So a full disk is reported before the file has its name.
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

// finish syncs the content to the disk.
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

// Commit renames the file to its target after the content is on the disk. It replaces an
// existing file.
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
	_ = f.Close() // the content is already on the disk
	return nil
}

// syncFolder syncs the folder of path, so that its names are on the disk, too. It ignores
// errors, because some systems cannot sync folders.
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
	// Windows cannot remove an open file. On other systems this order keeps the file
	// locked until it is removed.
	_ = closeToRename(f.File)
	_ = os.Remove(f.Name())
	_ = f.Close()
}
