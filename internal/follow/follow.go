// Package follow watches keys over lost connections, lost leaders and logins
// that expire.
package follow

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Sink takes what a watch receives.
type Sink interface {
	// Receive takes a response: events, a notice of progress, or the reason
	// why there will be no more. An error ends the watch.
	Receive(r *clientv3.WatchResponse) error

	// Idle is called when everything that has come was handed on, before the
	// next response is waited for. An error ends the watch.
	Idle() error
}

// Watch is one watch. The client library makes lost connections again; Watch
// begins anew, where it stopped, after what makes the library give up: a
// cluster without a leader, and a login that expired.
type Watch struct {
	Client  clientv3.Watcher
	Key     string
	Options []clientv3.OpOption // but for the revision

	// Next is the first revision that was not handed on, 0 for what is to come.
	// Run moves it on after each response that the sink has taken.
	Next int64

	// Patience is how long the server may take to accept the watch before
	// Overdue is called, once for each beginning. The wait goes on.
	Patience time.Duration
	Overdue  func()

	pauses  int // since the server last accepted the watch
	refused int // logins in a row that were refused
}

// Pauses before a watch is begun anew, and their number until they are all of
// the longest.
const (
	shortPause  = 50 * time.Millisecond
	pauseFactor = 2
	mostPauses  = 5
)

// Run hands on what happens until the server has cancelled the watch for good,
// which sink was told, or ctx ends, whose cause it returns, or sink fails.
func (w *Watch) Run(ctx context.Context, sink Sink) error {
	for {
		again, err := w.begin(ctx, sink)
		if err != nil || !again {
			return err
		}
		pause := shortPause
		for range min(w.pauses, mostPauses) {
			pause *= pauseFactor
		}
		w.pauses++
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// begin watches from w.Next on. It returns whether to begin again.
func (w *Watch) begin(ctx context.Context, sink Sink) (again bool, err error) {
	watching, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	responses, err := w.start(ctx, watching)
	if err != nil {
		return false, err
	}
	for {
		var response clientv3.WatchResponse
		var open bool
		select {
		case response, open = <-responses:
		default:
			if err := sink.Idle(); err != nil {
				return false, err
			}
			select {
			case response, open = <-responses:
			case <-ctx.Done():
				return false, context.Cause(ctx)
			}
		}
		switch {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case !open:
			return false, nil
		case w.canResume(&response):
			return true, sink.Idle()
		case response.Created && !response.Canceled:
			w.accepted(response.Header.GetRevision())
		default:
			if err := sink.Receive(&response); err != nil {
				return false, err
			}
			w.received(&response)
		}
	}
}

// start begins a watch and waits for the server to accept it. Like etcdctl it
// waits for ever.
func (w *Watch) start(ctx, watching context.Context) (clientv3.WatchChan, error) {
	options := append([]clientv3.OpOption{clientv3.WithRev(w.Next), clientv3.WithCreatedNotify()}, w.Options...)
	started := make(chan clientv3.WatchChan, 1)
	go func() { started <- w.Client.Watch(watching, w.Key, options...) }()
	overdue := time.After(w.Patience)
	for {
		select {
		case responses := <-started:
			return responses, nil
		case <-overdue:
			w.Overdue()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (w *Watch) accepted(revision int64) {
	w.pauses, w.refused = 0, 0
	if w.Next == 0 {
		w.Next = revision + 1
	}
}

func (w *Watch) received(r *clientv3.WatchResponse) {
	switch {
	case len(r.Events) > 0:
		w.Next = r.Events[len(r.Events)-1].Kv.GetModRevision() + 1
	case r.IsProgressNotify():
		w.Next = max(w.Next, r.Header.GetRevision()+1)
	}
}

// canResume says whether the watch ended for a reason that passes.
func (w *Watch) canResume(r *clientv3.WatchResponse) bool {
	err := r.Err()
	if err == nil || r.CompactRevision != 0 {
		return false
	}
	if errors.Is(err, rpctypes.ErrInvalidAuthToken) || errors.Is(err, rpctypes.ErrAuthOldRevision) {
		// The next watch logs in again. A token that was given is refused again.
		w.refused++
		return w.refused <= 1
	}
	return etcd.Passes(err)
}
