// Package lock queues for locks and elections. The oldest key below NAME/ holds the
// lock or leads, and the lease of its owner keeps it. etcd's own clients queue in the
// same way, so that all of them can contend.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/keepalive"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/retry"
)

// Config defines what to queue for, and where to report events.
type Config struct {
	Client *etcd.Client
	What   string // what the candidate queues for: "the lock"
	Prefix string // of the keys that queue
	Value  string // of the candidate's key
	TTL    int64  // of its lease, in seconds

	// Timeout limits the first attempt to enter the queue, and also leaving the queue. In
	// between, an outage is reported after this time.
	Timeout time.Duration

	// Signals returns a channel. From then on the channel receives the signals, which no
	// longer end the program. Signals is called when the candidate has entered the queue.
	Signals func() <-chan os.Signal

	Changes *etcd.Changes // records the outcome for the lock
	Warn    func(sentence string)
	Say     func(sentence string) // shown even if warnings are off
}

// Candidate queues for a lock or an election, and holds what it acquires.
type Candidate struct {
	Config

	signals <-chan os.Signal
	outage  *outage.Outage
	entry   *queueEntry // nil: not in the queue
}

// lostError reports that an entry of the queue, or the acquired lock, is lost.
type lostError struct {
	what   string
	reason error
}

func (e *lostError) Error() string { return fmt.Sprintf("%s was lost: %v", e.what, e.reason) }
func (e *lostError) Unwrap() error { return e.reason }

// New returns a candidate that has not entered the queue.
func New(config Config) *Candidate {
	c := &Candidate{Config: config}
	c.outage = &outage.Outage{
		Patience: c.Timeout,
		Overdue: func(reason error) {
			c.Warn(fmt.Sprintf("%s: no server answers, still trying: %v", c.What, c.Client.Explain(context.Background(), reason)))
		},
		Resumed: func(time.Duration) { c.Warn(c.What + ": a server answers again") },
	}
	return c
}

// Key returns the candidate's key in the queue.
func (c *Candidate) Key() string { return c.entry.key }

// Created returns the revision at which the key was created.
func (c *Candidate) Created() int64 { return c.entry.created }

// Acquired returns a revision at which the key was the first of the queue.
func (c *Candidate) Acquired() int64 { return c.entry.acquired }

var errStopped = errors.New("interrupted while waiting")

// Acquire enters the queue and waits to be first. The returned context is cancelled when
// the lock is lost, with the loss as its cause. Once the candidate has entered the queue,
// signals end the wait instead of the program.
func (c *Candidate) Acquire(ctx context.Context) (context.Context, error) {
	losses := 0 // entries lost in a row before their leases expired
	for again := false; ; again = true {
		began := time.Now()
		held, err := c.queue(ctx, again)
		if err == nil {
			err = c.waitForTurn(held)
		}
		if err == nil {
			return held, nil
		}
		lost, isLost := errors.AsType[*lostError](err)
		if !isLost || errors.Is(err, errKeyDeleted) {
			if c.entry != nil {
				err = c.Client.Explain(ctx, err) // later failures are not the reason
				_ = c.release(ctx)
			}
			return nil, err
		}
		c.entry.leave()
		c.entry = nil
		if losses++; time.Since(began) >= time.Duration(c.TTL)*time.Second {
			losses = 0
		}
		if losses == maxLosses {
			return nil, fmt.Errorf("%w, %d times in a row before its time", err, losses)
		}
		c.Warn(fmt.Sprintf("the place in the queue was lost: %v; queueing again", lost.reason))
		waiting, stop := c.untilSignal(ctx)
		err = retry.Wait(waiting, watchPause)
		stop()
		if err != nil {
			return nil, err
		}
	}
}

// maxLosses is how many entries in a row may be lost before their leases expire. A member
// or an administrator may revoke one lease, but not each of them.
const maxLosses = 5

// queue enters the queue. After the loss of an entry it tries until a signal comes,
// however long the cluster is unavailable.
func (c *Candidate) queue(ctx context.Context, again bool) (context.Context, error) {
	if !again {
		timed, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		return c.enter(ctx, timed, nil) // an outage is an error here
	}
	asking, stop := c.untilSignal(ctx)
	held, err := c.enter(ctx, asking, c.outage)
	stop()
	if cause := context.Cause(asking); errors.Is(cause, errStopped) {
		return nil, cause // even if the candidate has entered the queue
	}
	return held, err
}

// untilSignal returns a context that is cancelled by a signal. stop cancels it, too, and
// ends the wait for signals.
func (c *Candidate) untilSignal(ctx context.Context) (waiting context.Context, stop func()) {
	waiting, cancel := context.WithCancelCause(ctx)
	listened := make(chan struct{})
	crash.Go(func() {
		defer close(listened)
		select {
		case <-c.signals:
			cancel(c.stopped())
		case <-waiting.Done():
		}
	})
	return waiting, func() {
		cancel(nil)
		<-listened
	}
}

func (c *Candidate) stopped() error { return fmt.Errorf("%w for %s", errStopped, c.What) }

// waitForTurn returns nil when the candidate is first, or errStopped after a signal. If
// the entry is lost, it returns the loss.
func (c *Candidate) waitForTurn(held context.Context) error {
	waiting, cancel := context.WithCancel(held)
	defer cancel()
	first := make(chan error, 1)
	crash.Go(func() { first <- c.entry.waitUntilFirst(waiting) })
	select {
	case err := <-first:
		if err == nil && held.Err() != nil { // it is lost already
			err = context.Cause(held)
		}
		return c.lost(err)
	case <-c.signals:
		return c.stopped()
	}
}

// enter enters the queue, and keeps the entry until it is released. It stops trying when
// asking ends. The returned context is cancelled when the entry is lost. Unanswered
// requests for a lease count for o.
func (c *Candidate) enter(ctx, asking context.Context, o *outage.Outage) (context.Context, error) {
	var asked time.Time
	granted, err := repeat(asking, o, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		asked = time.Now()
		return c.Client.Grant(ctx, c.TTL)
	})
	if err != nil {
		return nil, err
	}
	ttl := time.Duration(granted.TTL) * time.Second
	keeper := keepalive.New(c.Client, granted.ID, ttl, asked.Add(ttl))
	kept, lose := context.WithCancelCause(ctx)
	c.entry = &queueEntry{
		client: c.Client,
		outage: c.outage,
		lease:  granted.ID,
		leave:  func() { lose(context.Canceled) },
		prefix: c.Prefix,
		key:    fmt.Sprintf("%s%x", c.Prefix, granted.ID),
	}
	crash.Go(func() {
		err := keeper.Keep(kept, func(*pb.LeaseKeepAliveResponse) error { return nil })
		lose(&lostError{c.What, err})
	})
	if err := c.entry.create(asking, c.Value); err != nil {
		return nil, c.lost(err)
	}
	entry := c.entry
	crash.Go(func() { lose(&lostError{c.What, entry.watch(kept)}) })
	if c.signals == nil {
		c.signals = c.Signals()
	}
	return kept, nil
}

// read reads the candidate's key. If the key is gone, the error is a *lostError.
func (c *Candidate) read(ctx context.Context) (*clientv3.GetResponse, error) {
	response, err := c.entry.read(ctx)
	return response, c.lost(err)
}

// lost converts the loss of the entry to a *lostError, and returns other errors as they
// are.
func (c *Candidate) lost(err error) error {
	if _, said := errors.AsType[*lostError](err); said || !isGone(err) {
		return err
	}
	return &lostError{c.What, err}
}

// release deletes the entry, and so releases the acquired lock. It returns an error if
// the lock was lost earlier. A signal cancels it.
func (c *Candidate) release(ctx context.Context) error {
	c.entry.leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Timeout)
	defer cancel()
	crash.Go(func() {
		select {
		case <-c.signals:
			cancel()
		case <-ctx.Done():
		}
	})
	err := c.entry.delete(ctx)
	switch {
	case isGone(err):
		return exit.With(exit.Cancelled, c.lost(err))
	case err != nil:
		c.Changes.Became(fmt.Sprintf("%s will be free within %s", c.What, quantity.Of(c.TTL, "second")))
		return fmt.Errorf("%w (while releasing %s; it is released within %s anyway, when its lease expires)", err, c.What, quantity.Of(c.TTL, "second"))
	}
	c.Changes.Became(c.What + " was released")
	return nil
}
