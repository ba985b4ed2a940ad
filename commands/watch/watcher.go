package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"

	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// watcher prints one watch. The client library makes lost connections again;
// the watcher begins anew, where it stopped, after what makes the library give
// up: a cluster without a leader, and a login that expired.
type watcher struct {
	f        *cli.Factory
	client   *etcd.Client
	printing *sync.Mutex // of all watchers of the program
	watchOptions

	next    int64 // the first revision that was not printed; 0: what is to come
	pauses  int   // since the server last accepted the watch
	refused int   // logins in a row that were refused
}

// Pauses before a watch is begun anew, and their number until they are all of
// the longest.
const (
	shortPause  = 50 * time.Millisecond
	pauseFactor = 2
	mostPauses  = 5
)

// run prints until the server has cancelled the watch for good, which was then
// said on standard error, or ctx ends, whose cause it returns.
func (w *watcher) run(ctx context.Context) error {
	for {
		again, err := w.begin(ctx)
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

// begin watches from w.next on. It returns whether to begin again.
func (w *watcher) begin(ctx context.Context) (again bool, err error) {
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
			if err := w.flush(); err != nil {
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
			return true, w.flush()
		case response.Created && !response.Canceled:
			w.accepted(response.Header.GetRevision())
		default:
			if err := w.print(ctx, &response); err != nil {
				return false, err
			}
		}
	}
}

// start begins a watch and waits for the server to accept it. Like etcdctl it
// waits for ever, and it says why once the command's timeout has passed.
func (w *watcher) start(ctx, watching context.Context) (clientv3.WatchChan, error) {
	started := make(chan clientv3.WatchChan, 1)
	go func() { started <- w.client.Watch(watching, w.Key, w.api(w.next)...) }()
	overdue := time.After(w.f.Connection.CommandTimeout)
	for {
		select {
		case responses := <-started:
			return responses, nil
		case <-overdue:
			w.sayOverdue(ctx)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (w *watcher) accepted(revision int64) {
	w.pauses, w.refused = 0, 0
	if w.next == 0 {
		w.next = revision + 1
	}
}

// canResume says whether the watch ended for a reason that passes.
func (w *watcher) canResume(r *clientv3.WatchResponse) bool {
	err := r.Err()
	if err == nil || r.CompactRevision != 0 {
		return false
	}
	if errors.Is(err, rpctypes.ErrInvalidAuthToken) || errors.Is(err, rpctypes.ErrAuthOldRevision) {
		// The next watch logs in again. A token that was given is refused again.
		w.refused++
		return w.refused <= 1
	}
	var server rpctypes.EtcdError
	return errors.Is(err, rpctypes.ErrNoLeader) || errors.As(err, &server) && server.Code() == codes.Unavailable
}

// sayOverdue tells why there is no watch yet.
func (w *watcher) sayOverdue(ctx context.Context) {
	w.printing.Lock()
	defer w.printing.Unlock()
	w.f.Warn(fmt.Sprintf("not watching, still trying: %v", w.client.Explain(ctx, context.DeadlineExceeded)))
}

func (w *watcher) flush() error {
	w.printing.Lock()
	defer w.printing.Unlock()
	return w.written(w.f.Printer().Flush())
}

func (w *watcher) written(err error) error {
	if err != nil {
		return exit.With(exit.IO, fmt.Errorf("write the output: %w", err))
	}
	return nil
}

// print prints what was received and runs the command for its events.
func (w *watcher) print(ctx context.Context, r *clientv3.WatchResponse) error {
	w.printing.Lock()
	defer w.printing.Unlock()
	if r.Canceled {
		w.sayCanceled(r)
	}
	printer := w.f.Printer()
	if r.IsProgressNotify() && printer.Format().IsEtcdctls() {
		if err := printer.Notice(fmt.Sprintf("progress notify: %d", r.Header.GetRevision())); err != nil {
			return w.written(err)
		}
	}
	if err := printer.Next(output.Watched{Response: r}); err != nil {
		return w.written(err)
	}
	switch {
	case len(r.Events) > 0:
		w.next = r.Events[len(r.Events)-1].Kv.GetModRevision() + 1
	case r.IsProgressNotify():
		w.next = max(w.next, r.Header.GetRevision()+1)
	}
	if len(w.Command) == 0 {
		return nil
	}
	for _, event := range r.Events {
		if err := w.written(printer.Flush()); err != nil {
			return err
		}
		if err := w.runCommand(ctx, r.Header.GetRevision(), event); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) sayCanceled(r *clientv3.WatchResponse) {
	text := fmt.Sprintf("watch was canceled (%v)", r.Err())
	if r.CompactRevision != 0 {
		text += fmt.Sprintf(": it was to go on at revision %d, and %d is the oldest that has not been compacted", w.next, r.CompactRevision)
	}
	w.f.Say(text)
}
