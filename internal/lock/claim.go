// Package lock queues for a name. A lock is held, and an election won, by the oldest
// key below NAME/, which the holder's lease keeps. etcd's own clients do it in the
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
	"github.com/ectl-io/ectl/internal/quantity"
)

// Config is what to queue for, and where to report what happens meanwhile.
type Config struct {
	Client  *etcd.Client
	What    string        // is queued for: "the lock"
	Prefix  string        // of the keys that queue
	Value   string        // of the claim's key
	TTL     int64         // of its lease, in seconds
	Timeout time.Duration // of entering the queue for the first time, and of leaving it

	// Signals returns the channel that gets the signals from then on, in place of
	// ending the program. It is called when there is a place in the queue.
	Signals func() <-chan os.Signal

	Changes *etcd.Changes // takes notice of what became of the lock
	Warn    func(sentence string)
	Say     func(sentence string) // to the user, also one who wants no warnings
}

// Claim is one that queues, and what it has won.
type Claim struct {
	Config

	signals <-chan os.Signal
	place   *place // in the queue
}

// lostError is that a place in the queue, or what it had won, is lost.
type lostError struct {
	what   string
	reason error
}

func (e *lostError) Error() string { return fmt.Sprintf("%s was lost: %v", e.what, e.reason) }
func (e *lostError) Unwrap() error { return e.reason }

// New returns a claim that does not queue yet.
func New(config Config) *Claim { return &Claim{Config: config} }

// Key is the key that holds what was won.
func (c *Claim) Key() string { return c.place.key }

// Created is the revision at which the key was made.
func (c *Claim) Created() int64 { return c.place.created }

// Won is a revision at which the key was the first of the queue.
func (c *Claim) Won() int64 { return c.place.won }

var errStopped = errors.New("interrupted while waiting")

// Win queues and waits to be first. The context that it returns ends when what
// was won is lost, which is then its cause. As soon as there is a place in the
// queue, signals end the waiting and no longer the program.
func (c *Claim) Win(ctx context.Context) (context.Context, error) {
	losses := 0 // in a row, of places that were lost before their time
	for again := false; ; again = true {
		began := time.Now()
		held, err := c.queue(ctx, again)
		if err == nil {
			err = c.wait(held)
		}
		if err == nil {
			return held, nil
		}
		lost, isLost := errors.AsType[*lostError](err)
		if !isLost || errors.Is(err, errKeyDeleted) {
			if c.place != nil {
				err = c.Client.Explain(ctx, err) // what fails from here on is not the reason
				_ = c.release(ctx)
			}
			return nil, err
		}
		c.place.leave()
		c.place = nil
		if losses++; time.Since(began) >= time.Duration(c.TTL)*time.Second {
			losses = 0
		}
		if losses == maxLosses {
			return nil, fmt.Errorf("%w, %d times in a row before its time", err, losses)
		}
		c.Warn(fmt.Sprintf("the place in the queue was lost: %v; queueing again", lost.reason))
		select {
		case <-c.signals:
			return nil, c.stopped()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(watchPause):
		}
	}
}

// maxLosses is how often in a row a place may be lost sooner than its lease ends
// by itself. A member or an administrator revokes one lease, and not each of them.
const maxLosses = 5

// queue takes a place. Who had one takes another, however long the cluster is
// away, until a signal comes.
func (c *Claim) queue(ctx context.Context, again bool) (context.Context, error) {
	if !again {
		timed, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		return c.enter(ctx, timed)
	}
	asking, cancel := context.WithCancelCause(ctx)
	listened := make(chan struct{})
	crash.Go(func() {
		defer close(listened)
		select {
		case <-c.signals:
			cancel(c.stopped())
		case <-asking.Done():
		}
	})
	held, err := c.enter(ctx, asking)
	cancel(nil)
	<-listened
	if cause := context.Cause(asking); errors.Is(cause, errStopped) {
		return nil, cause // though it may have a place
	}
	return held, err
}

func (c *Claim) stopped() error { return fmt.Errorf("%w for %s", errStopped, c.What) }

// wait returns when the claim is first, or an errStopped after a signal.
func (c *Claim) wait(held context.Context) error {
	waiting, cancel := context.WithCancel(held)
	defer cancel()
	first := make(chan error, 1)
	crash.Go(func() { first <- c.place.waitUntilFirst(waiting) })
	select {
	case err := <-first:
		if err == nil && held.Err() != nil { // nobody begins with what is lost already
			err = context.Cause(held)
		}
		return c.lost(err)
	case <-c.signals:
		return c.stopped()
	}
}

// enter takes a place in the queue, until asking ends, and keeps it until it is
// released. The context that it returns ends when it is lost.
func (c *Claim) enter(ctx, asking context.Context) (context.Context, error) {
	var asked time.Time
	granted, err := persist(asking, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		asked = time.Now()
		return c.Client.Grant(ctx, c.TTL)
	})
	if err != nil {
		return nil, err
	}
	ttl := time.Duration(granted.TTL) * time.Second
	keeper := keepalive.New(c.Client, granted.ID, ttl, asked.Add(ttl))
	kept, lose := context.WithCancelCause(ctx)
	c.place = &place{
		client: c.Client,
		lease:  granted.ID,
		leave:  func() { lose(context.Canceled) },
		prefix: c.Prefix,
		key:    fmt.Sprintf("%s%x", c.Prefix, granted.ID),
	}
	crash.Go(func() {
		err := keeper.Keep(kept, func(*pb.LeaseKeepAliveResponse) error { return nil })
		lose(&lostError{c.What, err})
	})
	if err := c.place.take(asking, c.Value); err != nil {
		return nil, c.lost(err)
	}
	place := c.place
	crash.Go(func() { lose(&lostError{c.What, place.watch(kept)}) })
	if c.signals == nil {
		c.signals = c.Signals()
	}
	return kept, nil
}

// read reads the claim's key. It is an error that it has gone.
func (c *Claim) read(ctx context.Context) (*clientv3.GetResponse, error) {
	response, err := c.place.read(ctx)
	return response, c.lost(err)
}

// lost makes the loss of what was claimed of the loss of its place.
func (c *Claim) lost(err error) error {
	if _, said := errors.AsType[*lostError](err); said || !isGone(err) {
		return err
	}
	return &lostError{c.What, err}
}

// release gives the place up, and with it what it had won. It says so when that
// had been lost before. A signal ends it.
func (c *Claim) release(ctx context.Context) error {
	c.place.leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Timeout)
	defer cancel()
	crash.Go(func() {
		select {
		case <-c.signals:
			cancel()
		case <-ctx.Done():
		}
	})
	err := c.place.giveUp(ctx)
	switch {
	case isGone(err):
		return exit.With(exit.Interrupted, c.lost(err))
	case err != nil:
		c.Changes.Became(fmt.Sprintf("%s will be free within %s", c.What, quantity.Of(c.TTL, "second")))
		return fmt.Errorf("%w (while giving %s up, which will be free within %s anyway)", err, c.What, quantity.Of(c.TTL, "second"))
	}
	c.Changes.Became(c.What + " was given up")
	return nil
}
