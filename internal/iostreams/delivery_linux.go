package iostreams

import (
	"os"

	"golang.org/x/sys/unix"
)

// hasReader says whether the other end of a pipe or a connection is there. Of
// what has no other end it says that it is.
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

// unread is how many bytes a pipe holds that were not read.
func unread(file *os.File) (bytes int, isPipe bool) {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return 0, false
	}
	bytes, err = unix.IoctlGetInt(int(file.Fd()), unix.TIOCINQ)
	return bytes, err == nil
}
