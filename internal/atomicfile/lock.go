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

// ErrLocked reports that another process has locked a file.
var ErrLocked = errors.New("another process has locked it")

// lockSuffix ends the name of a lock file. The name begins with the name of the locked
// file.
const lockSuffix = ".ectl-lock"

// Lock holds the lock of this process on a file. The lock ends with the process, even if
// that is killed.
type Lock struct{ file *flock.Flock }

// TryLock locks the file at path, and creates it if it does not exist. If another process
// has locked it, the error wraps ErrLocked. TryLock follows no symbolic link and accepts
// regular files only. In a folder that other users can write to, they could otherwise
// choose the file that is opened.
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

// Release releases the lock. The file stays.
func (l *Lock) Release() { _ = l.file.Close() }

// Remove releases the lock and removes the file. A file that is not empty stays.
func (l *Lock) Remove() {
	if info, err := l.file.Stat(); err == nil && info.Size() == 0 {
		removeLocked(l.file)
	}
	_ = l.file.Close()
}

// WaitForLock locks the file at path against other processes that call WaitForLock or
// replace the file as part of a set. It waits at most lockPatience for them. The lock is a
// file of its own, which unlock removes.
func WaitForLock(ctx context.Context, path string) (unlock func(), err error) {
	return lockAll(ctx, []string{path})
}

// A process holds a lock while it renames files. lockPatience is the maximum time to wait
// for it, and lockPause is the time between attempts.
const (
	lockPatience = 10 * time.Second
	lockPause    = 20 * time.Millisecond
)

// lockAll locks the files of a set. All processes lock them in the same order, and wait
// at most lockPatience for each other. unlock releases all the locks.
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

// Open opens the file at path for reading. It returns an error if path is a symbolic
// link, or is not a regular file.
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

// explainOpen returns err, or an error about the symbolic link if path is one.
func explainOpen(path string, err error) error {
	if info, lstatErr := os.Lstat(path); lstatErr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &fs.PathError{Op: "open", Path: path, Err: errLink}
	}
	return err
}

// checkRegular returns an error if an open file is not regular.
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
