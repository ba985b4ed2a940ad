// Launch runs a program with nothing on its standard input and its standard
// output thrown away, by the kernel or, with -pipe, after reading it, and prints what it took on one line: wall clock, CPU of
// user and of kernel in microseconds, peak resident memory in KiB, exit status.
//
// It is a program of its own because of the peak memory: the kernel counts what
// the process that started the program held at that moment, so whoever starts
// it has to be smaller than anything that is measured. Hence no package but
// those that cost nothing.
//
//	launch [-pipe] PROGRAM ARGUMENTS...
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
	argv := os.Args[1:]
	pipe := len(argv) > 0 && argv[0] == "-pipe"
	if pipe {
		argv = argv[1:]
	}
	if len(argv) == 0 {
		fail("launch [-pipe] PROGRAM ARGUMENTS...")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		fail(err.Error())
	}
	out, reader := null.Fd(), -1
	if pipe {
		var ends [2]int
		if err := syscall.Pipe(ends[:]); err != nil {
			fail(err.Error())
		}
		reader, out = ends[0], uintptr(ends[1])
		syscall.CloseOnExec(reader)
	}
	begin := time.Now()
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), out, os.Stderr.Fd()},
	})
	if err != nil {
		fail(argv[0] + ": " + err.Error())
	}
	if pipe {
		_ = syscall.Close(int(out)) // so that the end of the program ends the reading
		drain(reader)
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

// drain reads until the end, without system calls that Go's poller would add.
func drain(reader int) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := syscall.Read(reader, buffer)
		if n == 0 || err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func fail(message string) {
	os.Stderr.WriteString(message + "\n")
	os.Exit(1)
}
