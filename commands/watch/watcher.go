package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/watch"
	"github.com/ectl-io/ectl/internal/watch/eventcommand"
	"github.com/ectl-io/ectl/output"
)

// results is the output of all watchers of the program. No other watcher prints between
// the parts of a response.
type results struct {
	sync.Mutex
	output.WatchStream
}

// watcher prints one watch.
type watcher struct {
	f       *cli.Factory
	client  *etcd.Client
	results *results
	watchOptions
	command *eventcommand.Command

	watch  *watch.Watch
	inside bool // results is locked because part of a response is still missing
}

func newWatcher(f *cli.Factory, client *etcd.Client, to *results, o watchOptions, environ []string) *watcher {
	return &watcher{
		f: f, client: client, results: to, watchOptions: o,
		command: &eventcommand.Command{Args: o.Command, Environ: environ, Stdout: f.Streams.ChildOut(), Stderr: f.Streams.Err, Warn: f.Warn},
		watch: &watch.Watch{
			Client: watch.Of(client), Query: o.query(), Next: o.Revision, Lends: true, GCPercent: f.Heap.Lower,
		},
	}
}

// run prints events until the server cancels the watch or ctx ends. It reports the
// cancellation on standard error. If ctx ends, it returns the cause.
func (w *watcher) run(ctx context.Context) error {
	w.watch.Outage = &outage.Outage{
		Patience: w.f.Connection.CommandTimeout,
		Overdue:  func(reason error) { w.sayOverdue(ctx, reason) },
		Resumed:  func(time.Duration) { w.sayResumed() },
	}
	defer func() {
		if w.inside {
			w.results.Unlock()
		}
	}()
	return w.watch.Run(ctx, printer{w, ctx})
}

// printer is the sink of a watcher.
type printer struct {
	*watcher
	ctx context.Context //nolint:containedctx // the context of its one run
}

// Receive implements watch.Sink.
func (p printer) Receive(r watch.Part) error {
	if err := p.client.Unreachable(); err != nil {
		return err // the server did not cancel the watch
	}
	return p.print(p.ctx, r)
}

// Idle implements watch.Sink.
func (p printer) Idle() error {
	if !p.inside {
		p.results.Lock()
		defer p.results.Unlock()
	}
	return p.f.Printer().Flush()
}

// sayOverdue warns that no server serves the watch, with the reason.
func (w *watcher) sayOverdue(ctx context.Context, reason error) {
	w.warn(fmt.Sprintf("not watching, still trying: %v", w.client.Explain(ctx, reason)))
}

// sayResumed reports that the watch has resumed.
func (w *watcher) sayResumed() { w.warn("watching now") }

// warn prints a warning, but not in the middle of a response.
func (w *watcher) warn(sentence string) {
	if !w.inside { // otherwise this watcher already holds the lock
		w.results.Lock()
		defer w.results.Unlock()
	}
	w.f.Warn(sentence)
}

// print prints the events and runs the command for each of them.
func (w *watcher) print(ctx context.Context, r watch.Part) error {
	if len(w.Command) > 0 {
		return w.printAndRun(ctx, r)
	}
	if !w.inside {
		w.results.Lock()
	}
	if w.inside = r.Fragment; !w.inside {
		defer w.results.Unlock()
	}
	return w.show(ctx, r, r.WatchResponse, r.Continues)
}

// printAndRun prints each part as a separate response. Otherwise the output of commands
// would appear inside a response.
func (w *watcher) printAndRun(ctx context.Context, r watch.Part) error {
	w.results.Lock()
	defer w.results.Unlock()
	if r.Continues && len(r.Events) == 0 {
		return nil
	}
	response := r.WatchResponse
	if r.Fragment {
		response = &pb.WatchResponse{Header: r.Header, Events: r.Events}
	}
	if err := w.show(ctx, r, response, false); err != nil {
		return err
	}
	for _, event := range r.Events {
		if err := w.f.Printer().Flush(); err != nil {
			return err
		}
		w.f.EndWaits()
		if err := w.command.Run(ctx, r.Header.GetRevision(), event); err != nil {
			return err
		}
	}
	return nil
}

// show prints the events as a response or as a part of one.
func (w *watcher) show(ctx context.Context, r watch.Part, response *pb.WatchResponse, continues bool) error {
	if r.Canceled {
		w.sayCanceled(ctx, r)
	}
	printer := w.f.Printer()
	if r.IsProgress() && printer.Format().IsEtcdctls() {
		if err := printer.Notice(fmt.Sprintf("progress notify: %d", r.Header.GetRevision())); err != nil {
			return err
		}
	}
	return w.results.Next(response, continues)
}

func (w *watcher) sayCanceled(ctx context.Context, r watch.Part) {
	text := fmt.Sprintf("watch was canceled (%v)", w.client.Explain(ctx, r.Err()))
	if r.CompactRevision != 0 {
		text += fmt.Sprintf(": cannot resume at revision %d, because the history before revision %d was compacted", w.watch.Next, r.CompactRevision)
	}
	w.f.Say(text)
}
