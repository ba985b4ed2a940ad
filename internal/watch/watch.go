// Package watch watches keys. Its watches survive lost connections, lost leaders and
// expired logins.
package watch

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// Sink takes what a watch receives.
type Sink interface {
	// Receive takes a part of what happened, a notice of progress, or the reason
	// why there will be no more. An error ends the watch.
	Receive(p Part) error

	// Idle is called when everything that has come was handed on, before the
	// next part is waited for. An error ends the watch.
	Idle() error
}

// Part is what a watch receives at once: whole revisions. A large response of
// the server comes in several of them, see package stream.
type Part struct {
	stream.Part
	err error // of the stream
}

// Err returns the reason why there will be no more, or nil.
func (p Part) Err() error {
	switch {
	case p.err != nil:
		return p.err
	case p.CompactRevision != 0:
		return rpctypes.ErrCompacted
	case !p.Canceled:
		return nil
	case p.CancelReason != "":
		return rpctypes.Error(status.Error(codes.FailedPrecondition, p.CancelReason))
	}
	return rpctypes.ErrFutureRev
}

// Watch is one watch. It begins anew, where it stopped, after what passes: a
// lost connection, a cluster without a leader, a login that expired. Nothing is
// lost or doubled: what the sink gets are whole revisions, and a watch begins
// anew behind the last of them.
type Watch struct {
	Client Client
	Query  stream.Query // but for the revision

	// Next is the first revision that was not handed on, 0 for what is to come.
	// Run moves it on after each part that the sink has taken.
	Next int64

	// Lends says that the events are the sink's until Receive returns, whose memory
	// is then used for others. Else it may keep them.
	Lends bool

	// GCPercent lowers the percentage of the garbage collector, see heap.Limit. Nil: the
	// watch is one of few events.
	GCPercent func(percent int)

	// Outage is for how long there has been no watch, for whatever reason. The
	// attempts go on. It is reported from the goroutine of Run, unless others share
	// it. Its patience is also how long logins may be refused.
	Outage *outage.Outage

	inside  bool          // the sink has a part of a response, and more of it follows
	backoff retry.Backoff // since there was a watch
	refused time.Time     // the first login since the server last accepted the watch that was refused, zero: none was

	prepare sync.Once
	ask     chan struct{} // for progress
}

// mostAsked is how many requests for progress wait for a stream.
const mostAsked = 16

// RequestProgress asks the server how far the watch has come: at once, or as
// soon as there is a stream. The answer comes to the sink.
func (w *Watch) RequestProgress() {
	select {
	case w.asks() <- struct{}{}:
	default: // as many will be answered
	}
}

func (w *Watch) asks() chan struct{} {
	w.prepare.Do(func() { w.ask = make(chan struct{}, mostAsked) })
	return w.ask
}

// Pauses before a watch begins again.
const (
	shortPause = 50 * time.Millisecond
	longPause  = 1600 * time.Millisecond
)

// gcPercent makes the garbage collector run often: what happened in the past
// comes in large messages, and next to them nothing lives long.
const gcPercent = 20

// Run hands on what happens until the server has cancelled the watch for good,
// which sink was told, or ctx ends, whose cause it returns, or sink fails.
func (w *Watch) Run(ctx context.Context, sink Sink) error {
	if w.GCPercent != nil {
		w.GCPercent(gcPercent)
	}
	w.backoff = retry.Backoff{Min: shortPause, Max: longPause}
	w.Outage.Begin()
	for {
		again, err := w.begin(ctx, sink)
		if err != nil || !again {
			return err
		}
		if err := w.pause(ctx, w.backoff.Next()); err != nil {
			return err
		}
	}
}

// pause waits before the next attempt.
func (w *Watch) pause(ctx context.Context, pause time.Duration) error {
	over := time.After(pause)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.Outage.Due():
			w.Outage.Report()
		case <-over:
			return nil
		}
	}
}

// begin watches from w.Next on. It returns whether to begin again.
func (w *Watch) begin(ctx context.Context, sink Sink) (again bool, err error) {
	watching, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	parts := make(chan Part)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(crash.Guarded(func() { w.read(watching, parts) }))
	var settled <-chan time.Time
	for {
		var part Part
		select {
		case part = <-parts:
		default:
			if err := sink.Idle(); err != nil {
				return false, err
			}
			for waiting := true; waiting; {
				var overdue <-chan time.Time
				if settled == nil {
					overdue = w.Outage.Due()
				}
				select {
				case part = <-parts:
					waiting = false
				case <-overdue:
					w.Outage.Report() // like etcdctl it goes on waiting
				case <-settled:
					settled = nil
					w.resumed()
				case <-ctx.Done():
					return false, context.Cause(ctx)
				}
			}
		}
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		reason := part.Err()
		if reason != nil {
			if err := w.endResponse(sink); err != nil {
				return false, err
			}
		}
		switch {
		case reason != nil && w.canResume(part):
			w.Outage.Failed(time.Now(), reason)
			return true, sink.Idle()
		case part.Created && reason == nil:
			w.accepted(part.Header.GetRevision())
			settled = time.After(settleTime)
		default:
			if reason == nil {
				settled = nil
				w.resumed()
			}
			if err := sink.Receive(part); err != nil {
				return false, err
			}
			w.received(part)
			if w.Lends {
				part.Free()
			}
		}
		if reason != nil {
			return false, nil
		}
	}
}

// endResponse ends a response of which the sink has a part, and whose rest does
// not come: it comes again, as another one.
func (w *Watch) endResponse(sink Sink) error {
	if !w.inside {
		return nil
	}
	w.inside = false
	return sink.Receive(Part{Part: stream.Part{WatchResponse: &pb.WatchResponse{}, Continues: true}})
}

// read reads parts one after the other, the next one while the sink has the one
// before, until the stream ends.
func (w *Watch) read(ctx context.Context, parts chan<- Part) {
	q := w.Query
	q.Revision = w.Next
	stream, err := w.Client.Events(ctx, q)
	if err == nil {
		defer stream.Close()
		crash.Go(func() {
			for {
				select {
				case <-w.asks():
					stream.RequestProgress()
				case <-ctx.Done():
					return
				}
			}
		})
	}
	for {
		part := Part{err: err}
		if err == nil {
			part.Part, err = stream.Recv()
			part.err = err
		}
		if err == nil && part.Created && part.Canceled { // it was refused
			part.err = refusal(part.CancelReason)
		}
		if part.err != nil {
			// As the client library, and with it etcdctl, makes of it.
			part.WatchResponse = &pb.WatchResponse{Header: &pb.ResponseHeader{}, Canceled: true}
		}
		select {
		case parts <- part:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// refusal is the error in the reason why a server has not accepted a watch,
// which has gRPC's words before the server's.
func refusal(reason string) error {
	if i := strings.Index(reason, "etcdserver: "); i > 0 {
		reason = reason[i:]
	}
	return rpctypes.Error(errors.New(reason))
}

func (w *Watch) accepted(revision int64) {
	w.refused = time.Time{}
	if w.Next == 0 {
		w.Next = revision + 1
	}
}

func (w *Watch) received(p Part) {
	w.inside = p.Fragment
	switch {
	case len(p.Events) > 0:
		w.Next = p.Events[len(p.Events)-1].GetKv().GetModRevision() + 1
	case p.IsProgress():
		w.Next = max(w.Next, p.Header.GetRevision()+1)
	}
}

// settleTime is how long a watch has to last until it counts, unless something
// comes before. A server or a proxy may accept each watch and end it at once.
const settleTime = time.Second

// resumed notes that there is a watch.
func (w *Watch) resumed() {
	w.backoff.Reset()
	w.Outage.End()
}

// canResume says whether the watch ended for a reason that passes.
func (w *Watch) canResume(p Part) bool {
	err := p.Err()
	if p.CompactRevision != 0 {
		return false
	}
	if retry.Is(err, retry.UnknownToken|retry.StaleToken) {
		// The next watch logs in again. A token that was given is refused again. One
		// of a login may be, too, by a member that has not heard of it yet, and every
		// watch has another one: it is soon that counts, and often.
		if w.refused.IsZero() {
			w.refused = time.Now()
		}
		w.backoff.Limit(1)
		return w.Client.LogsIn() && time.Since(w.refused) < w.Outage.Patience
	}
	if w.Client.Unreachable() != nil {
		return false
	}
	return retry.Is(err, retry.Transient|retry.Broken)
}
