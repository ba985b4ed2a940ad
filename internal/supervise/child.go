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

// Child is a command that runs beside the program, which passes signals on to it
// and can tell it to end.
type Child struct {
	Grace  time.Duration   // that it has to end once it is told to
	Ended  <-chan error    // gets one: nil, or a failure with the command's status
	Killed <-chan struct{} // closed before it is killed at the end of its grace

	process  *os.Process
	killed   chan struct{} // Killed
	started  uint64        // when it started, see startTime
	deadline time.Time     // of that, zero: it has not been told
	disowned *time.Timer   // ends what a signal that was passed on has begun, nil: none was
}

// statusOfKilled is the status of a command that a signal ended, as etcdctl
// passes it on.
const statusOfKilled exit.Code = 255

// Start starts a command that is to have grace to end once it is told to.
func Start(cmd *exec.Cmd, grace time.Duration) (*Child, error) {
	cmd.SysProcAttr = attributes()
	started, ended := make(chan error), make(chan error, 1)
	crash.Go(func() {
		// Linux signals the command when the thread that started it dies, not the
		// program.
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

// failure gives the error of a command the status to end with.
func failure(command string, err error) error {
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	said := fmt.Errorf("%s: %w", command, err)
	switch {
	case !ok:
		return err // says which command itself
	case failed.ExitCode() < 0:
		return exit.With(statusOfKilled, said)
	}
	return exit.With(exit.Code(failed.ExitCode()), said)
}

// Forward passes a signal on to the command.
func (c *Child) Forward(s os.Signal) {
	if alreadyDelivered(s) {
		return
	}
	// What the command leaves behind when the signal ends it is ended, too. One
	// that goes on must not leave the program with children indefinitely.
	setSubreaper(true)
	if c.disowned == nil {
		c.disowned = time.AfterFunc(c.Grace, crash.Guarded(func() { setSubreaper(false) }))
	} else {
		c.disowned.Reset(c.Grace)
	}
	c.signal(s)
}

// Terminate tells the command to end and kills it when its grace is over. A second
// call changes nothing.
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
		// Closed first: a command that is seen to be killed was killed by this.
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

// LeftOrphans says whether the command, which has ended with err, may have left
// something behind that has to end: it was told to end, or a signal that was
// passed on to it did so before it could tell others.
func (c *Child) LeftOrphans(err error) bool {
	if c.deadline.IsZero() {
		failed, ok := errors.AsType[*exec.ExitError](err)
		return c.disowned != nil && ok && failed.ExitCode() < 0
	}
	return true
}

// orphansPause is the wait between two checks of what is left.
const orphansPause = 20 * time.Millisecond

// TerminateOrphans ends what the command has left behind. Orphans are told
// to end, as the command was. The others are left to their parents. When the grace is
// over, all are killed. Signals are passed on. It returns whether they have ended by
// themselves.
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

// killOrphans kills what is left. A process that cannot even be killed, because it
// waits for a disk, is not waited for.
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
