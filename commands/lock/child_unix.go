//go:build !windows

package lock

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// pass passes a signal on to the command.
func (c *child) pass(s os.Signal) {
	if s == os.Interrupt && terminalInterrupts() {
		return // the command has it already, and two may mean more than one
	}
	_ = c.process.Signal(s)
}

// terminate tells the command to end.
func (c *child) terminate() { _ = c.process.Signal(syscall.SIGTERM) }

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
