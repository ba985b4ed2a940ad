package iostreams

import (
	"os"

	"golang.org/x/sys/unix"
)

// hasReader reports whether the other end of a pipe or a connection is open. It returns
// true for files without another end.
func hasReader(file *os.File) bool {
	polled := []unix.PollFd{{Fd: int32(file.Fd()), Events: unix.POLLOUT}} // descriptors are small
	for {
		_, err := unix.Poll(polled, 0)
		if err == unix.EINTR { // it is never wrapped
			continue
		}
		return err != nil || polled[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) == 0
	}
}

// unread returns the number of bytes in a pipe that were not read. For other files isPipe
// is false.
func unread(file *os.File) (bytes int, isPipe bool) {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return 0, false
	}
	bytes, err = unix.IoctlGetInt(int(file.Fd()), unix.TIOCINQ)
	return bytes, err == nil
}
