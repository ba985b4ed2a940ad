//go:build aix || darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris

package lineedit

import (
	"errors"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ectl-io/ectl/internal/crash"
)

// isReady reports whether a key can be read within wait.
func (k *keyboard) isReady(wait time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(k.terminal.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(wait.Milliseconds()))
	return n > 0 && err == nil || err != nil && !errors.Is(err, unix.EINTR)
}

// raw makes the terminal pass each key on at once, without echo. Its output stays as it
// is. restore sets the earlier mode again.
func raw(terminal *os.File) (restore func(), err error) {
	fd := int(terminal.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	setRaw(fd, before)
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }, nil
}

func setRaw(fd int, before *unix.Termios) {
	mode := *before
	mode.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	mode.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 1, 0
	_ = unix.IoctlSetTermios(fd, setTermios, &mode)
}

// onContinue calls resumed each time that the program continues after it was stopped,
// with the terminal in the mode that it has now. stop ends this. Another program may have
// changed the mode meanwhile.
func onContinue(terminal *os.File, resumed func()) (stop func()) {
	fd := int(terminal.Fd())
	mode, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return func() {}
	}
	continued, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(continued, unix.SIGCONT)
	crash.Go(func() {
		for {
			select {
			case <-continued:
				_ = unix.IoctlSetTermios(fd, setTermios, mode)
				resumed()
			case <-done:
				return
			}
		}
	})
	return func() {
		signal.Stop(continued)
		close(done)
	}
}

// stopPatience is the longest wait for the program to be stopped. The system does not stop
// it if no other program could continue it.
const stopPatience = 200 * time.Millisecond

// suspend stops the program and its process group, as Ctrl-Z does outside an editor. It
// returns in the foreground. In the background the editor would see keys that are meant for
// another program, and then wait for one more key.
func suspend(terminal *os.File) {
	fd := int(terminal.Fd())
	mode, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return
	}
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, unix.SIGCONT)
	defer signal.Stop(continued)
	_ = unix.Kill(0, unix.SIGTSTP)
	select {
	case <-continued:
	case <-time.After(stopPatience):
	}
	_ = unix.IoctlSetTermios(fd, setTermios, mode) // stops the program while it is in the background
}
