//go:build !windows

package atomicfile

import (
	"errors"
	"os"
	"syscall"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// openFlags make os.OpenFile fail for a symbolic link and not wait for a pipe.
const openFlags = unix.O_NOFOLLOW | unix.O_NONBLOCK

// lockFile locks an open file for this process, or returns ErrLocked. The lock ends
// when the file is closed.
func lockFile(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// closeToRename closes a file if the system cannot rename or remove an open one. These
// systems can, so it does nothing.
func closeToRename(*os.File) error { return nil }

// removeLocked removes the file of a lock while the lock is held.
func removeLocked(lock *flock.Flock) { _ = os.Remove(lock.Path()) }

// ownerOf returns the user ID and the group ID of the owner of a file.
func ownerOf(info os.FileInfo) (user, group int, known bool) {
	system, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, 0, false
	}
	return int(system.Uid), int(system.Gid), true
}

// setOwner changes the user and the group of file to those of other.
func setOwner(file *os.File, other os.FileInfo) error {
	user, group, known := ownerOf(other)
	info, err := file.Stat()
	if err != nil || !known {
		return err
	}
	nowUser, nowGroup, _ := ownerOf(info)
	if nowUser == user && nowGroup == group {
		return nil
	}
	return file.Chown(user, group)
}
