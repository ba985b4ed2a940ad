//go:build !windows

package main

import (
	"os"
	"syscall"
	"time"
)

const (
	signalDelay    = time.Second // on a busy machine it takes a while
	statusOfSignal = 128         // what shells add to the number of a signal that ended a program
)

// die ends the program by the signal that interrupted it: only so does a shell
// know that the loop around it is to end, too.
func die(s os.Signal) {
	if sig, ok := s.(syscall.Signal); ok {
		_ = syscall.Kill(os.Getpid(), sig)
		// The signal ends us, unless we were started with it ignored, as a
		// shell's background jobs are.
		time.Sleep(signalDelay)
		os.Exit(statusOfSignal + int(sig))
	}
}
