package e2e

import "golang.org/x/sys/unix"

// unlimited is no limit.
const unlimited = unix.RLIM_INFINITY

// limitFileSize makes every write to a file behind so many bytes fail for the
// process, as a full disk does.
func limitFileSize(pid int, bytes uint64) error {
	return unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil)
}
