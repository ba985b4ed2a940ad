// Package supervise runs child commands that end with a context, together with all
// processes that they started.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
)

const (
	// grace is how long a command may take to exit after it is terminated. Then it is
	// killed.
	grace = 2 * time.Second

	// pause is the wait between two checks for remaining processes.
	pause = 20 * time.Millisecond

	// killAttempts is how many times processes are killed and checked. A process that
	// waits for a disk cannot be killed, and is not waited for.
	killAttempts = 50
)

// command is a running command.
type command struct {
	*exec.Cmd
	started uint64
	ended   chan error // receives the result of Wait
}

func start(cmd *exec.Cmd) (*command, error) {
	prepare(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &command{Cmd: cmd, started: startTime(cmd.Process.Pid), ended: make(chan error, 1)}
	crash.Go(func() { c.ended <- cmd.Wait() })
	return c, nil
}

// Run runs a command. If ctx ends first, Run terminates the command, and kills it if it
// does not exit in time. On Linux that includes the processes that the command started in
// this session. Run then returns the cause of ctx's end.
func Run(ctx context.Context, cmd *exec.Cmd) error {
	cmd.WaitDelay = grace // other processes may keep outputs open that are not files
	c, err := start(cmd)
	if err != nil {
		return err
	}
	select {
	case err := <-c.ended:
		return err
	case <-ctx.Done():
		c.end(false)
		return context.Cause(ctx)
	}
}

// ErrTooLong reports that a command has printed more than the limit.
var ErrTooLong = errors.New("it prints too much")

// FirstLine runs a command and returns the first line that it prints, with its line
// ending if there is one. Later output is discarded. If the command prints more than
// maxBytes, it is terminated as in Run, and the error is ErrTooLong.
//
// FirstLine waits until the command has exited, and the line is complete or the output is
// closed. A process that the command has left may keep the output open. Such a process is
// not terminated, unless ctx ends.
func FirstLine(ctx context.Context, cmd *exec.Cmd, maxBytes int) (string, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer reader.Close()
	cmd.Stdout = writer
	setSubreaper(true) // so that orphans are found
	defer setSubreaper(false)
	c, err := start(cmd)
	_ = writer.Close()
	if err != nil {
		return "", err
	}
	lines := readLine(reader, maxBytes)
	line, ended := "", c.ended
	for lines != nil || ended != nil {
		select {
		case read, more := <-lines:
			if !more {
				lines = nil
				continue
			}
			if line = read.line; read.err != nil {
				c.end(ended == nil)
				return "", read.err
			}
			if ended == nil {
				return line, nil
			}
		case err := <-ended:
			if err != nil {
				return "", err
			}
			if ended = nil; line != "" {
				return line, nil
			}
		case <-ctx.Done():
			c.end(ended == nil)
			return "", context.Cause(ctx)
		}
	}
	return line, nil
}

// lineRead is a first line, or the reason why there is none.
type lineRead struct {
	line string
	err  error
}

// readLine sends the first line of r, and an error if r has more than maxBytes. The
// channel is closed at the end of r, or after an error.
func readLine(r io.Reader, maxBytes int) <-chan lineRead {
	read := make(chan lineRead, 2)
	crash.Go(func() {
		defer close(read)
		var line []byte
		complete := false
		for left, block := maxBytes, make([]byte, 4096); ; {
			n, err := r.Read(block)
			if left -= n; left < 0 {
				read <- lineRead{err: fmt.Errorf("%w: more than %d bytes", ErrTooLong, maxBytes)}
				return
			}
			if !complete {
				at := slices.Index(block[:n], '\n')
				if complete = at >= 0; complete {
					n = at + 1
				}
				line = append(line, block[:n]...)
			}
			if len(line) > 0 && (complete || err != nil) {
				read <- lineRead{line: string(line)}
				line = nil
			}
			if err != nil {
				return
			}
		}
	})
	return read
}

// end ends the command and the processes that it has started. ended reports that the
// command itself has exited.
func (c *command) end(ended bool) {
	setSubreaper(true)
	signalled := map[int]bool{}
	over := time.After(grace)
	c.terminate()
	for {
		_, all := descendants(c.started)
		if ended && len(all) == 0 {
			return
		}
		for _, pid := range all {
			if !signalled[pid] && pid != c.Process.Pid {
				signal(pid, terminate)
			}
			signalled[pid] = true
		}
		select {
		case _, ended = <-c.ended: // receives one value, and is never closed
		case <-over:
			c.kill(ended)
			return
		case <-time.After(pause):
		}
	}
}

func (c *command) kill(ended bool) {
	for range killAttempts {
		if !ended {
			c.killGroup()
		}
		_, all := descendants(c.started)
		for _, pid := range all {
			signal(pid, os.Kill)
		}
		select {
		case _, ended = <-c.ended: // receives one value, and is never closed
		case <-time.After(pause):
		}
		if ended && len(all) == 0 {
			return
		}
	}
}

func signal(pid int, s os.Signal) {
	process, err := os.FindProcess(pid)
	if err != nil {
		return // it has ended
	}
	_ = process.Signal(s)
	_ = process.Release()
}
