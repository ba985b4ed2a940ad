//go:build !windows

package main

import (
	"os"
	"syscall"
	"time"
)

const (
	signalDelay    = time.Second // maximum delay of the signal on a busy machine
	statusOfSignal = 128         // shells add this to the number of the signal
)

// die ends the program by the signal that interrupted it. Only then does a shell also end
// the loop that runs the program.
func die(s os.Signal) {
	if sig, ok := s.(syscall.Signal); ok {
		_ = syscall.Kill(os.Getpid(), sig)
		// The program survives only if it was started with the signal ignored, as
		// background jobs of a shell are.
		time.Sleep(signalDelay)
		os.Exit(statusOfSignal + int(sig))
	}
}
