package supervise

import "syscall"

// attributes returns attributes with which the kernel terminates the command when the
// program dies. The lock is lost soon after that.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
