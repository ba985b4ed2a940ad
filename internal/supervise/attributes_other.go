//go:build !linux

package supervise

import "syscall"

// attributes are none: this system does not tell a command of the death of the
// program that started it.
func attributes() *syscall.SysProcAttr { return nil }
