package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/watch"
	"github.com/ectl-io/ectl/internal/watch/eventcommand"
	"github.com/ectl-io/ectl/output"
)

// watcher prints the events of one watch.
type watcher struct {
	ctx     context.Context //nolint:containedctx // the context of its one run
	f       *cli.Factory
	client  *etcd.Client
	results output.WatchStream // of all watches of the program
	command *eventcommand.Command

	watch *watch.Watch
}

func newWatcher(ctx context.Context, f *cli.Factory, client *etcd.Client, results output.WatchStream, o watchOptions, environ []string) *watcher {
	w := &watcher{ctx: ctx, f: f, client: client, results: results}
	if len(o.Command) > 0 {
		w.command = &eventcommand.Command{Args: o.Command, Environ: environ, Stdout: f.Streams.ChildOut(), Stderr: f.Streams.Err, Warn: f.Warn}
	}
	w.watch = &watch.Watch{
		Client: watch.Of(client), Query: o.query(), Next: o.Revision, Lends: true, GCPercent: f.Heap.Lower,
		Separate: w.command != nil, // otherwise the output of commands would appear inside a response
		Outage: &outage.Outage{
			Patience: f.Connection.CommandTimeout,
			Overdue: func(reason error) {
				f.Warn(fmt.Sprintf("not watching, still trying: %v", client.Explain(ctx, reason)))
			},
			Resumed: func(time.Duration) { f.Warn("watching now") },
		},
	}
	return w
}

// Receive implements watch.Sink. It prints the events and runs the command for each of
// them. It reports a cancellation on standard error.
func (w *watcher) Receive(r watch.Part) error {
	if err := w.client.Unreachable(); err != nil {
		return err // the server did not cancel the watch
	}
	if r.Canceled {
		w.sayCanceled(r)
	}
	printer := w.f.Printer()
	if r.IsProgress() && printer.Format().IsEtcdctls() {
		if err := printer.Notice(fmt.Sprintf("progress notify: %d", r.Header.GetRevision())); err != nil {
			return err
		}
	}
	if err := w.results.Next(r.WatchResponse, r.Continues); err != nil || w.command == nil {
		return err
	}
	for _, event := range r.Events {
		if err := printer.Flush(); err != nil {
			return err
		}
		w.f.EndWaits()
		if err := w.command.Run(w.ctx, r.Header.GetRevision(), event); err != nil {
			return err
		}
	}
	return nil
}

// Idle implements watch.Sink.
func (w *watcher) Idle() error { return w.f.Printer().Flush() }

func (w *watcher) sayCanceled(r watch.Part) {
	text := fmt.Sprintf("watch was canceled (%v)", w.client.Explain(w.ctx, r.Err()))
	if r.CompactRevision != 0 {
		text += fmt.Sprintf(": cannot resume at revision %d, because the history before revision %d was compacted", w.watch.Next, r.CompactRevision)
	}
	w.f.Say(text)
}
