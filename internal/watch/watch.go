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

// Sink receives the parts of a watch.
type Sink interface {
	// Receive takes some events, a progress notification, or the reason why the watch has
	// ended. An error ends the watch.
	Receive(p Part) error

	// Idle is called when all received parts were passed on, before the next part is
	// waited for. An error ends the watch.
	Idle() error
}

// Part is what a watch receives at once. It has whole revisions. A large response of the
// server is split into several parts, see package stream.
type Part struct {
	stream.Part
	err error // error of the stream
}

// Err returns the reason why the watch has ended, or nil if it continues.
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

// Watch watches keys. After a transient failure, it starts again where it stopped. Such
// failures are a lost connection, a cluster without a leader, and an expired login. No
// event is lost or repeated: the sink receives whole revisions, and the watch starts
// again after the last of them.
type Watch struct {
	Client Client
	Query  stream.Query // its Revision is not used, see Next

	// Next is the first revision that was not passed on; 0 means only new events. Run
	// updates it after each part that the sink has received.
	Next int64

	// Lends means that the sink may use the events only until Receive returns. Their
	// memory is then reused. Otherwise the sink may keep them.
	Lends bool

	// Separate passes on each part as a response of its own, for a sink that writes other
	// output after the events.
	Separate bool

	// GCPercent lowers the percentage of the garbage collector, see heap.Limit. It is nil
	// for a watch of few events.
	GCPercent func(percent int)

	// Outage is the time without a watch, for any reason. The attempts continue
	// meanwhile. It is reported from the goroutine of Run, unless other goroutines share
	// it. Its Patience also limits how long logins may be refused.
	Outage *outage.Outage

	inside  bool          // the sink has a part of a response, and more parts follow
	backoff retry.Backoff // since the watch last worked
	refused time.Time     // first refused login since a watch was accepted; zero: none

	prepare sync.Once
	ask     chan struct{} // requests for progress
}

// maxProgressRequests is how many requests for progress can wait for a stream.
const maxProgressRequests = 16

// RequestProgress requests the progress of the watch from the server. If there is no
// stream, the request waits for one. The sink receives the answer. A request has no
// effect if maxProgressRequests others wait.
func (w *Watch) RequestProgress() {
	select {
	case w.asks() <- struct{}{}:
	default: // enough requests are waiting
	}
}

func (w *Watch) asks() chan struct{} {
	w.prepare.Do(func() { w.ask = make(chan struct{}, maxProgressRequests) })
	return w.ask
}

// Limits of the pause before a watch starts again.
const (
	shortPause = 50 * time.Millisecond
	longPause  = 1600 * time.Millisecond
)

// gcPercent makes the garbage collector run often. Old events arrive in large messages,
// and almost everything else is short-lived.
const gcPercent = 20

// Run passes on events to sink. It returns nil after the server has cancelled the watch
// for good, and sink has received the reason. If ctx ends, it returns the cause. If sink
// fails, it returns that error.
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

// pause waits before the next attempt. If ctx ends first, it returns the cause.
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

// begin watches from w.Next on. again reports whether to start another watch.
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
					w.Outage.Report() // the watch keeps waiting, as in etcdctl
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
			if part, ok := w.shaped(part); ok {
				if err := sink.Receive(part); err != nil {
					return false, err
				}
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

// shaped returns a part as the sink receives it. ok is false if there is nothing in it.
func (w *Watch) shaped(p Part) (_ Part, ok bool) {
	if !w.Separate {
		return p, true
	}
	if p.Continues && len(p.Events) == 0 {
		return p, false
	}
	if p.Fragment {
		p.WatchResponse = &pb.WatchResponse{Header: p.Header, Events: p.Events}
	}
	p.Continues = false
	return p, true
}

// endResponse ends a response of which the sink has only a part. The rest of it arrives
// later, as another response.
func (w *Watch) endResponse(sink Sink) error {
	if !w.inside {
		return nil
	}
	w.inside = false
	return sink.Receive(Part{Part: stream.Part{WatchResponse: &pb.WatchResponse{}, Continues: true}})
}

// read sends the parts of one stream to parts until the stream ends. It reads the next
// part while the sink handles the current one.
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
			// The client library, and so etcdctl, returns an error as such a response.
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

// refusal returns the error that is the server's reason for refusing a watch. In reason,
// gRPC's own words come first.
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
	w.inside = p.Fragment && !w.Separate
	switch {
	case len(p.Events) > 0:
		w.Next = p.Events[len(p.Events)-1].GetKv().GetModRevision() + 1
	case p.IsProgress():
		w.Next = max(w.Next, p.Header.GetRevision()+1)
	}
}

// settleTime is how long a watch must last to count as working, unless it receives
// something earlier. A server or a proxy may accept each watch and end it at once.
const settleTime = time.Second

// resumed notes that the watch works.
func (w *Watch) resumed() {
	w.backoff.Reset()
	w.Outage.End()
}

// canResume reports whether the watch ended for a transient reason.
func (w *Watch) canResume(p Part) bool {
	err := p.Err()
	if p.CompactRevision != 0 {
		return false
	}
	if retry.Is(err, retry.UnknownToken|retry.StaleToken) {
		// The next watch logs in again. A token that the user passed would be refused
		// again. The token of a login may be refused by a member that does not know it
		// yet. Every watch gets another token, so the attempts must be quick and
		// frequent.
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
