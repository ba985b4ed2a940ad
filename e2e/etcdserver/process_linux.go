package etcdserver

import "syscall"

// ownProcessGroup keeps a terminal's Ctrl-C from the server, which is stopped
// deliberately, and has the kernel end it when its parent dies.
func ownProcessGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
