// Launch runs a program with nothing on its standard input and its standard
// output thrown away, and prints what it took on one line: wall clock, CPU of
// user and of kernel in microseconds, peak resident memory in KiB, exit status.
//
// It is a program of its own because of the peak memory: the kernel counts what
// the process that started the program held at that moment, so whoever starts
// it has to be smaller than anything that is measured. Hence no package but
// those that cost nothing.
//
//	launch PROGRAM ARGUMENTS...
package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fail("launch PROGRAM ARGUMENTS...")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		fail(err.Error())
	}
	begin := time.Now()
	pid, err := syscall.ForkExec(os.Args[1], os.Args[1:], &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), null.Fd(), os.Stderr.Fd()},
	})
	if err != nil {
		fail(os.Args[1] + ": " + err.Error())
	}
	var status syscall.WaitStatus
	var usage syscall.Rusage
	for {
		_, err = syscall.Wait4(pid, &status, 0, &usage)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	wall := time.Since(begin)
	if err != nil {
		fail(err.Error())
	}
	os.Stdout.WriteString(strings.Join([]string{
		decimal(wall.Microseconds()),
		decimal(usage.Utime.Nano() / 1000),
		decimal(usage.Stime.Nano() / 1000),
		decimal(int64(usage.Maxrss)), //nolint:unconvert // 32 bits on some platforms
		decimal(int64(status.ExitStatus())),
	}, " ") + "\n")
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func fail(message string) {
	os.Stderr.WriteString(message + "\n")
	os.Exit(1)
}
