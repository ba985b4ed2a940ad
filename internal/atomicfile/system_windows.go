package atomicfile

import (
	"errors"
	"os"

	"github.com/gofrs/flock"
	"golang.org/x/sys/windows"
)

// openFlags has no flag against symbolic links. Only administrators create links on
// Windows.
const openFlags = 0

// lockFile locks a file for this process, or returns ErrLocked. The lock ends when the
// file is closed. It locks a byte after the end of the file, because a locked byte cannot
// be written.
func lockFile(file *os.File) error {
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// closeToRename closes a file, because Windows cannot rename or remove an open one.
func closeToRename(file *os.File) error { return file.Close() }

// removeLocked releases a lock and removes its file. Windows cannot remove the file
// earlier.
func removeLocked(lock *flock.Flock) {
	_ = lock.Close()
	_ = os.Remove(lock.Path())
}

// ownerOf reports that the owner is not known. Windows has access lists instead.
func ownerOf(os.FileInfo) (user, group int, known bool) { return 0, 0, false }

// setOwner does nothing, because ownerOf knows no owners on Windows.
func setOwner(*os.File, os.FileInfo) error { return nil }
