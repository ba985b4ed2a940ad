package watch

import (
	"context"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
)

// Group runs several watches whose sinks share an output. Between the parts of a response,
// no other watch of the group calls its sink or reports an outage.
type Group struct {
	running *crash.Group
	cancel  context.CancelCauseFunc
	watches []*Watch
	output  sync.Mutex
}

// NewGroup returns a group without watches, and a context for them. The first error of a
// watch ends the context.
func NewGroup(ctx context.Context) (*Group, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	running, ctx := crash.NewGroup(ctx, crash.Unlimited)
	return &Group{running: running, cancel: cancel}, ctx
}

// Start runs a watch. Only one goroutine may call Start, RequestProgress and End.
func (g *Group) Start(ctx context.Context, w *Watch, sink Sink) {
	turn := &turn{sink: sink, output: &g.output}
	overdue, resumed := w.Outage.Overdue, w.Outage.Resumed
	w.Outage.Overdue = func(reason error) { turn.exclusively(func() { overdue(reason) }) }
	w.Outage.Resumed = func(after time.Duration) { turn.exclusively(func() { resumed(after) }) }
	g.watches = append(g.watches, w)
	g.running.Start(func() error {
		defer turn.end()
		return w.Run(ctx, turn)
	})
}

// RequestProgress requests the progress of all watches.
func (g *Group) RequestProgress() {
	for _, w := range g.watches {
		w.RequestProgress()
	}
}

// Exclusively calls f while no watch uses the output.
func (g *Group) Exclusively(f func()) {
	g.output.Lock()
	defer g.output.Unlock()
	f()
}

// End ends the watches because of reason, and waits for them.
func (g *Group) End(reason error) {
	g.cancel(reason)
	_ = g.running.Wait() // the first error was the cause of the context
}

// turn is the sink of one watch of a group. It holds the output from the first part of a
// response to the last.
type turn struct {
	sink   Sink
	output *sync.Mutex
	holds  bool
}

// Receive implements Sink.
func (t *turn) Receive(p Part) error {
	if !t.holds {
		t.output.Lock()
	}
	if t.holds = p.Fragment; !t.holds {
		defer t.output.Unlock()
	}
	return t.sink.Receive(p)
}

// Idle implements Sink.
func (t *turn) Idle() (err error) {
	t.exclusively(func() { err = t.sink.Idle() })
	return err
}

// exclusively calls f while no other watch uses the output.
func (t *turn) exclusively(f func()) {
	if !t.holds {
		t.output.Lock()
		defer t.output.Unlock()
	}
	f()
}

// end releases the output.
func (t *turn) end() {
	if t.holds {
		t.output.Unlock()
	}
}
