// Launch runs a program without standard input. It discards the program's standard
// output: the kernel does it, or with -pipe, Launch reads it first. It prints the costs on
// one line: wall clock, CPU of user and of kernel in microseconds, peak resident memory in
// KiB, and exit status.
//
// With -terminal, the three streams of the program are a terminal, whose output Launch
// reads. With -type, Launch also types a file there.
//
// Two options end the measurement early: -lines after so many lines in a pipe, and -until
// after a text on a terminal. The wall clock is then the time until they came. The exit
// status is 0 if they came.
//
// It is a program of its own because of the peak memory. The kernel also counts the memory
// of the parent at the start of a program, so the parent must be smaller than anything
// measured. Hence it imports only packages that cost nothing.
//
//	launch [-pipe | -lines N | -terminal [-type FILE] [-until TEXT]] PROGRAM ARGUMENTS...
package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options holds the options of Launch.
type options struct {
	pipe     bool
	lines    int
	terminal bool
	typed    string
	until    string
	argv     []string
}

// readOptions reads the command line without package flag, which costs memory.
func readOptions() options {
	var o options
	argv := os.Args[1:]
	for ; len(argv) > 1 && strings.HasPrefix(argv[0], "-"); argv = argv[1:] {
		value := func() string {
			argv = argv[1:]
			return argv[0]
		}
		switch argv[0] {
		case "-pipe":
			o.pipe = true
		case "-lines":
			o.pipe = true
			o.lines, _ = strconv.Atoi(value())
		case "-terminal":
			o.terminal = true
		case "-type":
			o.terminal = true
			o.typed = value()
		case "-until":
			o.terminal = true
			o.until = value()
		default:
			fail("unknown option " + argv[0])
		}
	}
	if len(argv) == 0 {
		fail("launch [-pipe | -lines N | -terminal [-type FILE] [-until TEXT]] PROGRAM ARGUMENTS...")
	}
	o.argv = argv
	return o
}

func main() {
	o := readOptions()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		fail(err.Error())
	}
	attributes := syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{null.Fd(), null.Fd(), os.Stderr.Fd()}}
	var read output
	switch {
	case o.terminal:
		read = toTerminal(&attributes, o.typed, o.until)
	case o.pipe:
		read = toPipe(&attributes, o.lines)
	}
	begin := time.Now()
	pid, err := syscall.ForkExec(o.argv[0], o.argv, &attributes)
	if err != nil {
		fail(o.argv[0] + ": " + err.Error())
	}
	var wall time.Duration
	came := false
	if read.started != nil {
		read.started()
		if read.ends != nil {
			came = drain(read.fd, read.ends)
			wall = time.Since(begin)
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
		drain(read.fd, nil)
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
	case read.ends == nil:
		wall = time.Since(begin)
	case came:
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

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func fail(message string) {
	os.Stderr.WriteString(message + "\n")
	os.Exit(1)
}
