// Launch runs a program without standard input. It discards the program's standard
// output: the kernel does it, or with -pipe, Launch reads it first. It prints the costs on
// one line: wall clock, CPU of user and of kernel in microseconds, peak resident memory in
// KiB, and exit status. With -lines it interrupts the program after so many lines. The wall
// clock is then the time until the last of them, and the exit status is 0 if they came.
//
// It is a program of its own because of the peak memory. The kernel also counts the memory
// of the parent at the start of a program, so the parent must be smaller than anything
// measured. Hence it imports only packages that cost nothing.
//
//	launch [-pipe | -lines N] PROGRAM ARGUMENTS...
package main

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	argv := os.Args[1:]
	pipe, lines := len(argv) > 0 && argv[0] == "-pipe", 0
	if pipe {
		argv = argv[1:]
	}
	if len(argv) > 1 && argv[0] == "-lines" {
		lines, _ = strconv.Atoi(argv[1])
		pipe, argv = true, argv[2:]
	}
	if len(argv) == 0 {
		fail("launch [-pipe | -lines N] PROGRAM ARGUMENTS...")
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
	var wall time.Duration
	all := false
	if pipe {
		_ = syscall.Close(int(out)) // so that the end of the program ends the reading
		if lines > 0 {
			all = drain(reader, lines)
			wall = time.Since(begin)
			_ = syscall.Kill(pid, syscall.SIGINT)
		}
		drain(reader, 0)
	}
	var status syscall.WaitStatus
	var usage syscall.Rusage
	for {
		_, err = syscall.Wait4(pid, &status, 0, &usage)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		fail(err.Error())
	}
	ended := status.ExitStatus()
	switch {
	case lines == 0:
		wall = time.Since(begin)
	case all:
		ended = 0
	}
	os.Stdout.WriteString(strings.Join([]string{
		decimal(wall.Microseconds()),
		decimal(usage.Utime.Nano() / 1000),
		decimal(usage.Stime.Nano() / 1000),
		decimal(int64(usage.Maxrss)), //nolint:unconvert // 32 bits on some platforms
		decimal(int64(ended)),
	}, " ") + "\n")
}

// drain reads until the end, or so many lines if that is not 0, without system
// calls that Go's poller would add. It says whether the lines came.
func drain(reader, lines int) bool {
	buffer := make([]byte, 64<<10)
	for {
		n, err := syscall.Read(reader, buffer)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if n <= 0 || err != nil {
			return false
		}
		if lines == 0 {
			continue
		}
		if lines -= bytes.Count(buffer[:n], []byte{'\n'}); lines <= 0 {
			return true
		}
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func fail(message string) {
	os.Stderr.WriteString(message + "\n")
	os.Exit(1)
}
