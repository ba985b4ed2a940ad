//go:build aix || darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris

package prompt

import "golang.org/x/sys/unix"

// echoOff turns off the echo of the terminal fd. It turns on input by lines and the keys
// that send signals, for example Ctrl-C. restore sets the earlier mode again.
func echoOff(fd int) (restore func(), err error) {
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	quiet := *before
	quiet.Lflag = quiet.Lflag&^unix.ECHO | unix.ICANON | unix.ISIG
	quiet.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &quiet); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }, nil
}
