//go:build unix && !linux

package etcdserver

import "syscall"

// ownProcessGroup keeps a terminal's Ctrl-C from the server, which is stopped
// deliberately.
func ownProcessGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// stopped is true: this system has no quick way to tell.
func stopped(int) bool { return true }
