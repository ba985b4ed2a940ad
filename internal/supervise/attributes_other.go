//go:build !linux

package supervise

import "syscall"

// attributes returns nil. This system does not notify a command of the death of the
// program that started it.
func attributes() *syscall.SysProcAttr { return nil }
