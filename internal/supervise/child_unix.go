//go:build !windows

package supervise

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// alreadyDelivered reports whether the terminal has sent a signal to the command already.
// A second signal may make a command exit immediately.
func alreadyDelivered(s os.Signal) bool { return s == os.Interrupt && terminalInterrupts() }

// signal sends a signal to the command.
func (c *Child) signal(s os.Signal) { _ = c.process.Signal(s) }

// terminate sends SIGTERM to the command.
func (c *Child) terminate() { _ = c.process.Signal(syscall.SIGTERM) }

// endedByKill reports whether SIGKILL ended a process.
func endedByKill(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// terminalInterrupts reports whether the program is in the foreground of its terminal.
// Ctrl-C goes to all programs in the foreground.
func terminalInterrupts() bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false // there is no terminal
	}
	defer func() { _ = terminal.Close() }()
	foreground, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && foreground == unix.Getpgrp()
}
