package lock

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
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/supervise"
)

// child is a command that runs.
type child struct {
	process *os.Process
	born    uint64       // when it started, see supervise.Born
	ended   <-chan error // gets one: nil, or a failure with the command's status

	grace    time.Duration // that it has to end once it is told to
	deadline time.Time     // of that, zero: it has not been told
	killed   chan struct{} // closed before it is killed at the end of its grace
	disowned *time.Timer   // ends what a signal that was passed on has begun, nil: none was
}

// statusOfKilled is the status of a command that a signal ended, as etcdctl
// passes it on.
const statusOfKilled exit.Code = 255

// start starts a command with an environment of its own.
func start(s *iostreams.Streams, command, environ []string, grace time.Duration) (*child, error) {
	cmd := exec.Command(command[0], command[1:]...) //nolint:noctx // it is told to end before it is killed, see end
	cmd.Env = environ
	cmd.Stdout, cmd.Stderr = s.ChildOut(), s.Err
	cmd.SysProcAttr = attributes()
	started, ended := make(chan error), make(chan error, 1)
	crash.Go(func() {
		// Where the command is told of the program's death, it is told of the
		// death of the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- failure(command, cmd.Wait())
		}
	})
	if err := <-started; err != nil {
		return nil, failure(command, err)
	}
	return &child{process: cmd.Process, born: supervise.Born(cmd.Process.Pid), ended: ended, grace: grace, killed: make(chan struct{})}, nil
}

// failure gives the error of a command the status to end with.
func failure(command []string, err error) error {
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	said := fmt.Errorf("%s: %w", command[0], err)
	switch {
	case !ok:
		return err // says which command itself
	case failed.ExitCode() < 0:
		return exit.With(statusOfKilled, said)
	}
	return exit.With(exit.Code(failed.ExitCode()), said)
}

// pass passes a signal on to the command.
func (c *child) pass(s os.Signal) {
	if told(s) {
		return
	}
	// What the command leaves behind when the signal ends it is ended, too. One
	// that goes on must not leave the program with children for ever.
	supervise.Inherit(true)
	if c.disowned == nil {
		c.disowned = time.AfterFunc(c.grace, crash.Guarded(func() { supervise.Inherit(false) }))
	} else {
		c.disowned.Reset(c.grace)
	}
	c.signal(s)
}

// end tells the command to end and kills it when its grace is over. A second
// call changes nothing.
func (c *child) end() {
	if !c.deadline.IsZero() {
		return
	}
	if c.disowned != nil {
		c.disowned.Stop()
	}
	supervise.Inherit(true)
	c.deadline = time.Now().Add(c.grace)
	if c.grace > 0 {
		c.terminate()
	}
	time.AfterFunc(c.grace, crash.Guarded(func() {
		// Closed first: a command that is seen to be killed was killed by this.
		close(c.killed)
		_ = c.process.Kill()
	}))
}

// wasKilled reports whether the command, which has ended with err, was killed at
// the end of its grace.
func (c *child) wasKilled(err error) bool {
	select {
	case <-c.killed:
	default:
		return false
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	return ok && endedByKill(failed.ProcessState)
}

// leaves says whether the command, which has ended with err, may have left
// something behind that has to end: it was told to end, or a signal that was
// passed on to it did so before it could tell others.
func (c *child) leaves(err error) bool {
	if c.deadline.IsZero() {
		failed, ok := errors.AsType[*exec.ExitError](err)
		return c.disowned != nil && ok && failed.ExitCode() < 0
	}
	return true
}

// restPause is the wait between two looks at what is left.
const restPause = 20 * time.Millisecond

// endRest ends what the command has left behind. Processes whose parent has ended
// are told to end, as the command was; the others are their parents' business.
// When the grace is over all are killed. Signals are passed on. It returns whether
// they have ended by themselves.
func (c *child) endRest(signals <-chan os.Signal) (gently bool) {
	if c.disowned != nil {
		c.disowned.Stop()
	}
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(c.grace)
	}
	over := time.After(time.Until(c.deadline))
	informed := map[int]bool{}
	for {
		orphans, all := supervise.Descendants(c.born)
		if len(all) == 0 {
			return true
		}
		if time.Now().Before(c.deadline) {
			for _, pid := range orphans {
				if !informed[pid] {
					signalProcess(pid, syscall.SIGTERM)
					informed[pid] = true
				}
			}
		}
		select {
		case s := <-signals:
			if !told(s) {
				for _, pid := range orphans {
					signalProcess(pid, s)
				}
			}
		case <-over:
			c.killRest()
			return false
		case <-time.After(restPause):
		}
	}
}

// killRest kills what is left. What cannot even be killed, as it waits for a
// disk, say, is not waited for.
func (c *child) killRest() {
	const attempts = 50
	for range attempts {
		_, all := supervise.Descendants(c.born)
		if len(all) == 0 {
			return
		}
		for _, pid := range all {
			signalProcess(pid, syscall.SIGKILL)
		}
		time.Sleep(restPause)
	}
}

func signalProcess(pid int, s os.Signal) {
	process, err := os.FindProcess(pid)
	if err != nil {
		return // it has ended
	}
	_ = process.Signal(s)
	_ = process.Release()
}
