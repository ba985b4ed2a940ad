//go:build !windows

package main

import (
	"os"
	"syscall"
)

// die ends the program by the signal that interrupted it: only so does a shell
// know that the loop around it is to end, too.
func die(s os.Signal) {
	if sig, ok := s.(syscall.Signal); ok {
		_ = syscall.Kill(os.Getpid(), sig)
		select {} // the signal ends us
	}
}
