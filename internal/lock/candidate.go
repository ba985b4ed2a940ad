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

// Config is what to queue for, and where to report what happens meanwhile.
type Config struct {
	Client *etcd.Client
	What   string // what the candidate queues for: "the lock"
	Prefix string // of the keys that queue
	Value  string // of the candidate's key
	TTL    int64  // of its lease, in seconds

	// Timeout is that of entering the queue for the first time, and of leaving it.
	// Between them it is the time after which a missing server is reported.
	Timeout time.Duration

	// Signals returns a channel. From then on it gets the signals, which no longer
	// end the program. It is called when the candidate has entered the queue.
	Signals func() <-chan os.Signal

	Changes *etcd.Changes // takes notice of what became of the lock
	Warn    func(sentence string)
	Say     func(sentence string) // to the user, also one who wants no warnings
}

// Candidate queues for a name, and holds what it acquires.
type Candidate struct {
	Config

	signals <-chan os.Signal
	outage  *outage.Outage
	entry   *queueEntry // nil: it has none
}

// lostError reports that an entry of the queue, or what it had acquired, is lost.
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

// Key is the key that holds what was acquired.
func (c *Candidate) Key() string { return c.entry.key }

// Created is the revision at which the key was created.
func (c *Candidate) Created() int64 { return c.entry.created }

// Acquired is a revision at which the key was the first of the queue.
func (c *Candidate) Acquired() int64 { return c.entry.acquired }

var errStopped = errors.New("interrupted while waiting")

// Acquire enters the queue and waits to be first. The context that it returns is
// cancelled when the lock is lost, with the loss as its cause. Once the candidate has
// entered the queue, signals end the waiting and no longer the program.
func (c *Candidate) Acquire(ctx context.Context) (context.Context, error) {
	losses := 0 // in a row, of entries that were lost before their leases expired
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
				err = c.Client.Explain(ctx, err) // what fails from here on is not the reason
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

// maxLosses is how often in a row an entry may be lost sooner than its lease
// expires by itself. A member or an administrator revokes one lease, and not each of them.
const maxLosses = 5

// queue enters the queue. A candidate that lost its entry tries until a signal
// comes, however long the cluster is away.
func (c *Candidate) queue(ctx context.Context, again bool) (context.Context, error) {
	if !again {
		timed, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		return c.enter(ctx, timed, nil) // an outage is its error
	}
	asking, stop := c.untilSignal(ctx)
	held, err := c.enter(ctx, asking, c.outage)
	stop()
	if cause := context.Cause(asking); errors.Is(cause, errStopped) {
		return nil, cause // though it may have entered
	}
	return held, err
}

// untilSignal returns a context that a signal ends, until stop is called.
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

// waitForTurn returns when the candidate is first, or an errStopped after a signal.
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

// enter enters the queue, until asking ends, and keeps the entry until it is
// released. The context that it returns is cancelled when the entry is lost. What has
// no answer meanwhile counts for o.
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

// read reads the candidate's key. If it has gone, that is an error.
func (c *Candidate) read(ctx context.Context) (*clientv3.GetResponse, error) {
	response, err := c.entry.read(ctx)
	return response, c.lost(err)
}

// lost turns the loss of the entry into the loss of what it stood for.
func (c *Candidate) lost(err error) error {
	if _, said := errors.AsType[*lostError](err); said || !isGone(err) {
		return err
	}
	return &lostError{c.What, err}
}

// release deletes the entry, and so gives up what it had acquired. It is an error if
// that had been lost before. A signal ends it.
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
		return fmt.Errorf("%w (while giving %s up, which will be free within %s anyway)", err, c.What, quantity.Of(c.TTL, "second"))
	}
	c.Changes.Became(c.What + " was given up")
	return nil
}
