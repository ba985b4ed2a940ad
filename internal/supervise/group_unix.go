//go:build !linux && !windows

package supervise

import (
	"os"
	"os/exec"
	"syscall"
)

// terminate is the signal that terminates a process.
const terminate = syscall.SIGTERM

// prepare puts the command into a process group, so that the whole group can be
// terminated. If there is a terminal, the command stays in the group that may read from
// it. Ctrl-C goes to that group, too.
func prepare(cmd *exec.Cmd) {
	if terminal, err := os.Open("/dev/tty"); err == nil {
		_ = terminal.Close()
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func (c *command) terminate() { c.signal(syscall.SIGTERM) }

func (c *command) killGroup() { c.signal(syscall.SIGKILL) }

// signal sends a signal to the command's group, if it has one.
func (c *command) signal(s syscall.Signal) {
	pid := c.Process.Pid
	if c.SysProcAttr != nil && c.SysProcAttr.Setpgid {
		pid = -pid
	}
	_ = syscall.Kill(pid, s)
}
