package supervise

import (
	"os/exec"
	"syscall"
)

// terminate is the signal that terminates a process.
const terminate = syscall.SIGTERM

// prepare does nothing, because the descendants of a command are found by their parents.
// A process group would prevent the command from reading from the terminal.
func prepare(*exec.Cmd) {}

func (c *command) terminate() { _ = c.Process.Signal(terminate) }

func (c *command) killGroup() { _ = c.Process.Kill() }
