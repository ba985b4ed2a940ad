package supervise

import "syscall"

// attributes make the system tell a command to end when the program dies: the
// lock is lost soon after it.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
