package lock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/supervise"
)

// Show is given the claim's key: once it has won, and whenever its value changes.
type Show func(*clientv3.GetResponse) error

// Hold shows the claim's key and holds what it has won until a signal comes.
// Proposals that come meanwhile become the key's value.
func (c *Claim) Hold(held context.Context, show Show, proposals <-chan string) error {
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

func (c *Claim) show(held context.Context, show Show) error {
	response, err := c.read(held)
	if err != nil {
		return err
	}
	return show(response)
}

func (c *Claim) propose(held context.Context, proposal string) error {
	return c.lost(c.place.put(held, proposal))
}

// maxProposal is how long a line may be, in bytes: longer than a server takes a
// value.
const maxProposal = 16 << 20

// Lines are the lines that r has, without their ends. Nobody waits for the
// reader, which cannot be interrupted.
func Lines(r io.Reader, warn func(sentence string)) <-chan string {
	all := make(chan string)
	crash.Go(func() {
		defer close(all)
		for in := bufio.NewReader(r); ; {
			line, err := limited.ReadLine(in, maxProposal)
			if line = strings.TrimSuffix(line, "\n"); err == nil || line != "" {
				all <- line
			}
			if err != nil && !errors.Is(err, io.EOF) {
				warn("standard input is not read any more: " + err.Error())
			}
			if err != nil {
				return
			}
		}
	})
	return all
}

// Run starts a command, which has grace to end once what was won is lost, and
// holds while it runs. The signals go to the command.
func (c *Claim) Run(held context.Context, cmd *exec.Cmd, grace time.Duration, proposals <-chan string) error {
	running, err := supervise.Start(cmd, grace)
	if err != nil {
		_ = c.release(held)
		return err
	}
	return c.attend(held, running, proposals)
}

// attend waits for the end of a command, which is told to end when what the claim
// has won is lost.
func (c *Claim) attend(held context.Context, running *supervise.Child, proposals <-chan string) error {
	lost, killed := held.Done(), running.Killed
	sayKilled := func() {
		killed = nil
		c.Say(fmt.Sprintf("the command did not end within %s: it was killed", running.Grace))
	}
	for {
		select {
		case s := <-c.signals:
			running.Pass(s)
		case <-lost:
			lost = nil
			c.Say(fmt.Sprintf("%v: ending the command", context.Cause(held)))
			running.End()
		case <-killed:
			// If it has ended as well, its status tells why.
			if len(running.Ended) == 0 {
				sayKilled()
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
				sayKilled()
			}
			if running.Leaves(err) && !running.EndRest(c.signals) {
				c.Say(fmt.Sprintf("what the command had started did not end within %s: it was killed", running.Grace))
			}
			return c.after(held, err)
		}
	}
}

// after returns what to end with after the command has ended.
func (c *Claim) after(held context.Context, commandErr error) error {
	if held.Err() != nil {
		return exit.With(exit.Interrupted, context.Cause(held))
	}
	switch err := c.release(held); {
	case exit.CodeOf(err) == exit.Interrupted, commandErr == nil:
		return err
	case err != nil:
		c.Warn(err.Error())
	}
	return commandErr
}
