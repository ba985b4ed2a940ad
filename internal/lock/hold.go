package lock

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/supervise"
)

// Show is called with a holder's key when it is acquired, and when its value changes.
type Show func(*clientv3.GetResponse) error

// Wait shows the candidate's key and holds the lock until a signal comes. Each received
// proposal becomes the key's value. If the lock is lost, Wait returns the loss.
func (c *Candidate) Wait(held context.Context, show Show, proposals <-chan string) error {
	err := c.show(held, show)
	for err == nil {
		select {
		case <-c.signals:
			return c.release(held)
		case <-held.Done():
			err = context.Cause(held)
		case proposal, ok := <-proposals:
			if !ok {
				proposals = nil
				continue
			}
			if err = c.propose(held, proposal); err == nil {
				err = c.show(held, show)
			}
		}
	}
	if _, lost := errors.AsType[*lostError](err); !lost {
		_ = c.release(held)
	}
	return err
}

func (c *Candidate) show(held context.Context, show Show) error {
	response, err := c.read(held)
	if err != nil {
		return err
	}
	return show(response)
}

func (c *Candidate) propose(held context.Context, proposal string) error {
	return c.lost(c.entry.put(held, proposal))
}

// Run starts a command and holds the lock while it runs. If the lock is lost, the command
// is terminated, with grace to exit. Signals are forwarded to the command.
func (c *Candidate) Run(held context.Context, cmd *exec.Cmd, grace time.Duration, proposals <-chan string) error {
	running, err := supervise.Start(cmd, grace)
	if err != nil {
		_ = c.release(held)
		return err
	}
	return c.attend(held, running, proposals)
}

// attend waits until a command has exited. If the lock is lost, it terminates the
// command.
func (c *Candidate) attend(held context.Context, running *supervise.Child, proposals <-chan string) error {
	lost, killed := held.Done(), running.Killed
	reportKilled := func() {
		killed = nil
		c.Say(fmt.Sprintf("the command did not end within %s: it was killed", running.Grace))
	}
	for {
		select {
		case s := <-c.signals:
			running.Forward(s)
		case <-lost:
			lost = nil
			c.Say(fmt.Sprintf("%v: ending the command", context.Cause(held)))
			running.Terminate()
		case <-killed:
			// If it has exited as well, its status shows the reason.
			if len(running.Ended) == 0 {
				reportKilled()
			}
		case proposal, ok := <-proposals:
			if !ok {
				proposals = nil
				continue
			}
			if err := c.propose(held, proposal); err != nil && held.Err() == nil {
				c.Warn(fmt.Sprintf("the proposal %q was not proclaimed: %v", proposal, err))
			}
		case err := <-running.Ended:
			if killed != nil && running.WasKilled(err) {
				reportKilled()
			}
			if running.LeftOrphans(err) && !running.TerminateOrphans(c.signals) {
				c.Say(fmt.Sprintf("what the command had started did not end within %s: it was killed", running.Grace))
			}
			return c.finish(held, err)
		}
	}
}

// finish returns the result of Run, after the command has exited.
func (c *Candidate) finish(held context.Context, commandErr error) error {
	if held.Err() != nil {
		return exit.With(exit.Cancelled, context.Cause(held))
	}
	switch err := c.release(held); {
	case exit.CodeOf(err) == exit.Cancelled, commandErr == nil:
		return err
	case err != nil:
		c.Warn(err.Error())
	}
	return commandErr
}
