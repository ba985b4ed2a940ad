//go:build !windows

package supervise

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// alreadyDelivered says whether the terminal has sent a signal to the command
// already. A command may end at once on a second one.
func alreadyDelivered(s os.Signal) bool { return s == os.Interrupt && terminalInterrupts() }

// signal sends a signal to the command.
func (c *Child) signal(s os.Signal) { _ = c.process.Signal(s) }

// terminate tells the command to end.
func (c *Child) terminate() { _ = c.process.Signal(syscall.SIGTERM) }

// endedByKill reports whether SIGKILL ended a process.
func endedByKill(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// terminalInterrupts says whether the program is in the foreground of its
// terminal, whose Ctrl-C goes to all programs there.
func terminalInterrupts() bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false // there is none
	}
	defer func() { _ = terminal.Close() }()
	foreground, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && foreground == unix.Getpgrp()
}
