package atomicfile

import (
	"errors"
	"os"

	"github.com/gofrs/flock"
	"golang.org/x/sys/windows"
)

// openFlags would make os.OpenFile follow no symbolic link. Only administrators
// make links on Windows.
const openFlags = 0

// lockFile locks a file for this process, or returns ErrLocked. The lock goes
// when the file is closed. It is a lock of a byte behind the file's end, since
// a locked byte cannot be written.
func lockFile(file *os.File) error {
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// closeToRename closes a file where an open one cannot be renamed or removed.
func closeToRename(file *os.File) error { return file.Close() }

// removeLocked removes the file of a lock, which has to be given up for that.
func removeLocked(lock *flock.Flock) {
	_ = lock.Close()
	_ = os.Remove(lock.Path())
}

// ownerOf returns the user and the group that a file belongs to. Windows has
// access lists instead.
func ownerOf(os.FileInfo) (user, group int, known bool) { return 0, 0, false }

// giveTo would give a file to the owner of another one.
func giveTo(*os.File, os.FileInfo) error { return nil }
