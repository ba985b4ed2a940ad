package main

import (
	"bytes"
	"errors"
	"os"
	"syscall"

	"github.com/creack/pty"
)

// output is the output of the program that Launch reads.
type output struct {
	fd      int
	started func()                 // called after the start of the program; nil: nothing is read
	ends    func(read []byte) bool // reports whether the measurement ends; nil: with the program
}

// toPipe makes the program write to a pipe. If lines is not 0, the measurement ends after
// so many lines.
func toPipe(attributes *syscall.ProcAttr, lines int) output {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		fail(err.Error())
	}
	syscall.CloseOnExec(ends[0])
	attributes.Files[1] = uintptr(ends[1])
	o := output{fd: ends[0], started: func() { _ = syscall.Close(ends[1]) }}
	if lines > 0 {
		o.ends = func(read []byte) bool {
			lines -= bytes.Count(read, []byte{'\n'})
			return lines <= 0
		}
	}
	return o
}

// toTerminal makes the program run in a terminal of a usual size, at which the content of
// the file typed is typed. If until is not empty, the measurement ends after this text.
func toTerminal(attributes *syscall.ProcAttr, typed, until string) output {
	control, program, err := pty.Open()
	if err == nil {
		err = pty.Setsize(program, &pty.Winsize{Rows: 40, Cols: 120})
	}
	var text []byte
	if err == nil && typed != "" {
		text, err = os.ReadFile(typed)
	}
	if err != nil {
		fail("open a terminal: " + err.Error())
	}
	fd, tty := int(control.Fd()), program.Fd()
	syscall.CloseOnExec(fd)
	attributes.Files = []uintptr{tty, tty, tty}
	attributes.Sys = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	o := output{fd: fd, started: func() {
		_ = program.Close() // so that the end of the program ends the reading
		go typeAll(fd, text)
	}}
	if until != "" {
		var before []byte
		o.ends = func(read []byte) bool {
			before = append(before, read...)
			return bytes.Contains(before, []byte(until))
		}
	}
	return o
}

// typeAll types a text as fast as the terminal takes it.
func typeAll(terminal int, text []byte) {
	for len(text) > 0 {
		n, err := syscall.Write(terminal, text)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
		text = text[max(n, 0):]
	}
}

// drain reads until the end, or until ends returns true. It passes each block to ends,
// unless that is nil, and reports whether ends has returned true. It avoids the system
// calls that Go's poller would add.
func drain(fd int, ends func([]byte) bool) bool {
	buffer := make([]byte, 64<<10)
	for {
		n, err := syscall.Read(fd, buffer)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if n <= 0 || err != nil {
			return false
		}
		if ends != nil && ends(buffer[:n]) {
			return true
		}
	}
}
