package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked is the error for a file that another process has locked.
var ErrLocked = errors.New("another process has locked it")

// lockSuffix is what the lock of a file of a set has behind the file's name.
const lockSuffix = ".ectl-lock"

// Lock is a file that this process has locked. The lock ends with the process,
// however that ends.
type Lock struct{ file *flock.Flock }

// TryLock locks the file at path, which it creates if there is none, or returns
// ErrLocked. It follows no symbolic link and takes regular files only: in a folder
// that others can write, they would choose what is opened.
func TryLock(path string) (*Lock, error) {
	for {
		file := flock.New(path, flock.SetFlag(os.O_RDWR|os.O_CREATE|openFlags), flock.SetPermissions(privateMode))
		locked, err := file.TryLock()
		if err != nil {
			return nil, explainOpen(path, err)
		}
		if !locked {
			return nil, &fs.PathError{Op: "lock", Path: path, Err: ErrLocked}
		}
		held, err := file.Stat()
		if err == nil {
			err = checkRegular(path, held)
		}
		if err != nil {
			_ = file.Close()
			return nil, err
		}
		if named, err := os.Lstat(path); err == nil && os.SameFile(held, named) { // else another process has removed it
			return &Lock{file}, nil
		}
		_ = file.Close()
	}
}

// Release ends the lock. The file stays.
func (l *Lock) Release() { _ = l.file.Close() }

// Remove ends the lock and removes the file, unless others have put something
// into it.
func (l *Lock) Remove() {
	if info, err := l.file.Stat(); err == nil && info.Size() == 0 {
		removeLocked(l.file)
	}
	_ = l.file.Close()
}

// How long another process may have a lock: it renames files.
const (
	lockPatience = 10 * time.Second
	lockPause    = 20 * time.Millisecond
)

// lockAll locks the files of a set, in an order that all processes have, and
// waits for those that have locked them. unlock ends all the locks.
func lockAll(ctx context.Context, paths []string) (unlock func(), err error) {
	paths = slices.Sorted(slices.Values(paths))
	var locks []*Lock
	unlock = func() {
		for _, lock := range slices.Backward(locks) {
			lock.Remove()
		}
	}
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for _, path := range paths {
		for {
			lock, err := TryLock(path + lockSuffix)
			if err == nil {
				locks = append(locks, lock)
				break
			}
			if !errors.Is(err, ErrLocked) {
				unlock()
				return nil, err
			}
			select {
			case <-time.After(lockPause):
				continue
			case <-waiting.Done():
			}
			unlock()
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("%w for more than %s", err, lockPatience)
		}
	}
	return unlock, nil
}

// Open opens the file at path to read it. It follows no symbolic link at its
// place, and takes regular files only.
func Open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, explainOpen(path, err)
	}
	info, err := file.Stat()
	if err == nil {
		err = checkRegular(path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// explainOpen returns the error of opening a file, and names a symbolic link as such.
func explainOpen(path string, err error) error {
	if info, lstatErr := os.Lstat(path); lstatErr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &fs.PathError{Op: "open", Path: path, Err: errLink}
	}
	return err
}

// checkRegular refuses an open file that is not regular.
func checkRegular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: errSpecial}
}

var (
	errLink    = errors.New("is a symbolic link")
	errSpecial = errors.New("is not a regular file")
)
