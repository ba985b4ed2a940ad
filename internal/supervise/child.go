package supervise

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
)

// Child is a command that runs beside the program. The program forwards signals to it,
// and can terminate it.
type Child struct {
	Grace  time.Duration   // time to exit after it is terminated
	Ended  <-chan error    // receives nil or an error with the command's status, once
	Killed <-chan struct{} // closed before the command is killed at the end of its grace

	process  *os.Process
	killed   chan struct{} // see Killed
	started  uint64        // its startTime
	deadline time.Time     // end of the grace; zero: it was not terminated
	disowned *time.Timer   // turns the subreaper off; nil: no signal was forwarded
}

// statusOfKilled is the status for a command that a signal has ended, as in etcdctl.
const statusOfKilled exit.Code = 255

// Start starts a command that has grace to exit after it is terminated. If the command
// cannot be started, Start returns an error.
func Start(cmd *exec.Cmd, grace time.Duration) (*Child, error) {
	cmd.SysProcAttr = attributes()
	started, ended := make(chan error), make(chan error, 1)
	crash.Go(func() {
		// Linux sends the signal of attributes when the thread that started the command
		// dies, even if the program lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- failure(cmd.Args[0], cmd.Wait())
		}
	})
	if err := <-started; err != nil {
		return nil, failure(cmd.Args[0], err)
	}
	killed := make(chan struct{})
	return &Child{Grace: grace, Ended: ended, Killed: killed, killed: killed, process: cmd.Process, started: startTime(cmd.Process.Pid)}, nil
}

// failure adds the command's exit status to its error.
func failure(command string, err error) error {
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	said := fmt.Errorf("%s: %w", command, err)
	switch {
	case !ok:
		return err // it has the name of the command already
	case failed.ExitCode() < 0:
		return exit.With(statusOfKilled, said)
	}
	return exit.With(exit.Code(failed.ExitCode()), said)
}

// Forward sends a signal to the command, unless it has received it from the terminal.
func (c *Child) Forward(s os.Signal) {
	if alreadyDelivered(s) {
		return
	}
	// If the signal ends the command, the orphans that it leaves are terminated, too. A
	// command that continues must not leave orphans to the program indefinitely.
	setSubreaper(true)
	if c.disowned == nil {
		c.disowned = time.AfterFunc(c.Grace, crash.Guarded(func() { setSubreaper(false) }))
	} else {
		c.disowned.Reset(c.Grace)
	}
	c.signal(s)
}

// Terminate terminates the command, and kills it when its grace is over. A second call
// has no effect.
func (c *Child) Terminate() {
	if !c.deadline.IsZero() {
		return
	}
	if c.disowned != nil {
		c.disowned.Stop()
	}
	setSubreaper(true)
	c.deadline = time.Now().Add(c.Grace)
	if c.Grace > 0 {
		c.terminate()
	}
	time.AfterFunc(c.Grace, crash.Guarded(func() {
		// The channel is closed first, so that WasKilled recognizes this kill.
		close(c.killed)
		_ = c.process.Kill()
	}))
}

// WasKilled reports whether the command, which has ended with err, was killed at
// the end of its grace.
func (c *Child) WasKilled(err error) bool {
	select {
	case <-c.Killed:
	default:
		return false
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	return ok && endedByKill(failed.ProcessState)
}

// LeftOrphans reports whether the command, which has ended with err, may have left
// processes that must be terminated. It returns true if the command was terminated, or if
// a forwarded signal ended it before it could forward that signal.
func (c *Child) LeftOrphans(err error) bool {
	if c.deadline.IsZero() {
		failed, ok := errors.AsType[*exec.ExitError](err)
		return c.disowned != nil && ok && failed.ExitCode() < 0
	}
	return true
}

// orphansPause is the wait between two checks for remaining processes.
const orphansPause = 20 * time.Millisecond

// TerminateOrphans ends the processes that the command has left. Orphans are terminated,
// as the command was, and signals are forwarded to them. Other processes are left to
// their parents. When the grace is over, all are killed. gently reports whether all have
// exited without that.
func (c *Child) TerminateOrphans(signals <-chan os.Signal) (gently bool) {
	if c.disowned != nil {
		c.disowned.Stop()
	}
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(c.Grace)
	}
	over := time.After(time.Until(c.deadline))
	informed := map[int]bool{}
	for {
		orphans, all := descendants(c.started)
		if len(all) == 0 {
			return true
		}
		if time.Now().Before(c.deadline) {
			for _, pid := range orphans {
				if !informed[pid] {
					signal(pid, syscall.SIGTERM)
					informed[pid] = true
				}
			}
		}
		select {
		case s := <-signals:
			if !alreadyDelivered(s) {
				for _, pid := range orphans {
					signal(pid, s)
				}
			}
		case <-over:
			c.killOrphans()
			return false
		case <-time.After(orphansPause):
		}
	}
}

// killOrphans kills the remaining processes. It stops waiting for a process that cannot
// be killed because it waits for a disk.
func (c *Child) killOrphans() {
	const attempts = 50
	for range attempts {
		_, all := descendants(c.started)
		if len(all) == 0 {
			return
		}
		for _, pid := range all {
			signal(pid, syscall.SIGKILL)
		}
		time.Sleep(orphansPause)
	}
}
