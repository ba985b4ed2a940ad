package lock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/output"
)

// hold prints the claim's key and holds what it has won until a signal comes.
// Proposals that come meanwhile become the key's value.
func (c *claim) hold(held context.Context, proposals <-chan string) error {
	err := c.show(held)
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
				err = c.show(held)
			}
		}
	}
	if _, lost := errors.AsType[*lostError](err); !lost {
		_ = c.release(held)
	}
	return err
}

func (c *claim) show(held context.Context) error {
	response, err := c.read(held)
	if err != nil {
		return err
	}
	return c.f.PrintNext(output.Held{Response: response})
}

func (c *claim) propose(held context.Context, proposal string) error {
	return c.lost(c.place.put(held, proposal))
}

// maxProposal is how long a line may be, in bytes: longer than a server takes a
// value.
const maxProposal = 16 << 20

// lines are the lines that r has, without their ends. Nobody waits for the
// reader, which cannot be interrupted.
func lines(r io.Reader, warn func(sentence string)) <-chan string {
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

// run runs a command while it holds what the claim has won. The signals go to
// the command.
func (c *claim) run(held context.Context, command, environ []string, h holding, proposals <-chan string) error {
	running, err := start(c.f.Streams, command, environ, h.Grace)
	if err != nil {
		_ = c.release(held)
		return err
	}
	return c.attend(held, running, proposals)
}

// attend waits for the end of a command, which is told to end when what the claim
// has won is lost.
func (c *claim) attend(held context.Context, running *child, proposals <-chan string) error {
	lost, killed := held.Done(), running.killed
	sayKilled := func() {
		killed = nil
		c.f.Say(fmt.Sprintf("the command did not end within %s: it was killed", running.grace))
	}
	for {
		select {
		case s := <-c.signals:
			running.pass(s)
		case <-lost:
			lost = nil
			c.f.Say(fmt.Sprintf("%v: ending the command", context.Cause(held)))
			running.end()
		case <-killed:
			// If it has ended as well, its status tells why.
			if len(running.ended) == 0 {
				sayKilled()
			}
		case proposal, ok := <-proposals:
			if !ok {
				proposals = nil
				continue
			}
			if err := c.propose(held, proposal); err != nil && held.Err() == nil {
				c.f.Warn(fmt.Sprintf("the proposal %q was not proclaimed: %v", proposal, err))
			}
		case err := <-running.ended:
			if killed != nil && running.wasKilled(err) {
				sayKilled()
			}
			if running.leaves(err) && !running.endRest(c.signals) {
				c.f.Say(fmt.Sprintf("what the command had started did not end within %s: it was killed", running.grace))
			}
			return c.after(held, err)
		}
	}
}

// after returns what to end with after the command has ended.
func (c *claim) after(held context.Context, commandErr error) error {
	if held.Err() != nil {
		return exit.With(exit.Interrupted, context.Cause(held))
	}
	switch err := c.release(held); {
	case exit.CodeOf(err) == exit.Interrupted, commandErr == nil:
		return err
	case err != nil:
		c.f.Warn(err.Error())
	}
	return commandErr
}

// lockEnviron is what the command of a lock is told, as etcdctl tells it.
func (c *claim) lockEnviron() []string {
	return []string{"ETCD_LOCK_KEY=" + c.place.key, fmt.Sprintf("ETCD_LOCK_REV=%d", c.place.won)}
}

// electionEnviron is what the command of a leader is told.
func (c *claim) electionEnviron() []string {
	return []string{"ECTL_ELECTION_KEY=" + c.place.key, fmt.Sprintf("ECTL_ELECTION_REV=%d", c.place.created)}
}
