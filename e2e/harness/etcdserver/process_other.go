//go:build unix && !linux

package etcdserver

import "syscall"

// ownProcessGroup returns attributes for the server process. Ctrl-C in a terminal does
// not reach the server.
func ownProcessGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// stopped always returns true, because this system has no quick check.
func stopped(int) bool { return true }
