package mirror

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/watch"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// updates applies the source's changes to the destination. It is the sink of a watch.
type updates struct {
	*mirror
	ctx   context.Context //nolint:containedctx // of the one watch that it is for
	watch *watch.Watch
	until int64 // the last revision to mirror; 0 means no limit

	// The changes that are not at the destination yet: whole revisions, in order. They
	// change no key twice, so one transaction can apply them all.
	batch    []change
	size     int
	keys     map[string]bool
	revision int64 // the last one in the batch
}

// errReached ends a watch that has reached its last revision.
var errReached = errors.New("all requested changes are at the destination")

// follow mirrors the changes after the tracker's position. If until is not 0, it returns
// when that revision is at the destination.
func (m *mirror) follow(ctx context.Context, until int64) error {
	next := m.tracker.position().Revision + 1
	if until > 0 && next > until {
		return nil
	}
	asks := m.answersProgress(ctx)
	if until > 0 && !asks {
		return errors.New("--once: a source before etcd 3.4.25, 3.5.8 or 3.6 cannot report that there are no more events; leave out --once, or copy everything again without the checkpoint")
	}
	following, cancel := context.WithCancel(ctx)
	defer cancel()
	key, end := rangeOf(m.rename.from)
	query := stream.Query{Key: key, End: end, ProgressNotify: true}
	watch := &watch.Watch{
		Client: watch.Of(m.Source), Query: query, Next: next,
		Outage: m.sourceOutage.Outage, GCPercent: m.GCPercent,
	}
	if asks {
		crash.Go(func() { askProgress(following, watch, until) })
	}
	u := &updates{mirror: m, ctx: following, watch: watch, until: until, keys: map[string]bool{}}
	switch err := watch.Run(following, u); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errReached):
		return nil
	case err != nil:
		return err
	}
	return errors.New("the source has ended the watch without a reason")
}

// Receive implements watch.Sink. It adds the events to the batch. It writes the batch if
// it is full, or if the source reports progress.
func (u *updates) Receive(r watch.Part) error {
	switch {
	case r.CompactRevision != 0:
		if err := u.flush(); err != nil {
			return err
		}
		return u.compactedAt(u.watch.Next, r.CompactRevision)
	case r.Err() != nil:
		return u.Source.Explain(u.ctx, r.Err())
	}
	for events := r.Events; len(events) > 0; {
		n := sameRevision(events)
		if err := u.add(events[:n]); err != nil {
			return err
		}
		events = events[n:]
	}
	if !r.IsProgress() {
		return nil
	}
	if err := u.flush(); err != nil {
		return err
	}
	u.tracker.done(r.Header.GetRevision())
	return u.reached()
}

// Idle implements watch.Sink.
func (u *updates) Idle() error { return u.flush() }

// sameRevision returns the number of events at the start that share the first one's
// revision. A response contains only whole revisions.
func sameRevision(events []*mvccpb.Event) int {
	n := 1
	for n < len(events) && events[n].Kv.GetModRevision() == events[0].Kv.GetModRevision() {
		n++
	}
	return n
}

// add adds the events of one revision to the batch. If a key would change twice, or if
// the batch would be too large, add writes the batch first. So every version of a key is
// written, and a transaction stays one transaction if it fits.
func (u *updates) add(events []*mvccpb.Event) error {
	changes := make([]change, len(events))
	again := false
	for i, e := range events {
		changes[i] = change{
			key: u.rename.name(e.Kv.GetKey()), value: e.Kv.GetValue(),
			deleted: e.GetType() == mvccpb.Event_DELETE,
			created: e.Kv.GetCreateRevision() == e.Kv.GetModRevision(),
		}
		again = again || u.keys[string(changes[i].key)]
	}
	if again || u.writer.full(len(u.batch)+len(changes)-1, u.size, sizeOf(changes)) {
		if err := u.flush(); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if u.writer.full(len(u.batch), u.size, c.size()) { // the revision does not fit in one transaction
			if err := u.write(); err != nil {
				return err
			}
		}
		u.batch = append(u.batch, c)
		u.size += c.size()
		u.keys[string(c.key)] = true
	}
	u.revision = events[0].Kv.GetModRevision()
	return nil
}

// flush writes the batch, which holds whole revisions, and records the position. It
// returns errReached at the last revision to mirror.
func (u *updates) flush() error {
	if len(u.batch) == 0 {
		return nil
	}
	if err := u.write(); err != nil {
		return err
	}
	u.tracker.done(u.revision)
	return u.reached()
}

func (u *updates) write() error {
	if err := u.writer.apply(u.ctx, u.batch); err != nil {
		return err
	}
	u.batch, u.size = u.batch[:0], 0
	clear(u.keys)
	return nil
}

func (u *updates) reached() error {
	if u.until > 0 && u.tracker.position().Revision >= u.until {
		return errReached
	}
	return nil
}

// Intervals of progress requests to the source. If no key changes, only the responses
// advance the position. Otherwise the source would compact the revision in the
// checkpoint. With Once, progressAtOnce is used, because the mirror waits for the
// response.
const (
	progressEvery  = 10 * time.Second
	progressAtOnce = 50 * time.Millisecond
)

// askProgress requests progress until ctx ends. The watch receives the responses.
func askProgress(ctx context.Context, watch *watch.Watch, until int64) {
	every := progressEvery
	if until > 0 {
		every = progressAtOnce
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		watch.RequestProgress()
	}
}

// answersProgress reports whether the source's progress responses are reliable. Servers
// older than 3.4.25 and 3.5.8 respond immediately, even before they have sent all events
// (etcd issue 15220). If no endpoint returns its version, it returns false.
func (m *mirror) answersProgress(ctx context.Context) bool {
	answers := false
	for _, endpoint := range m.Source.Endpoints() {
		ctx, cancel := context.WithTimeout(ctx, m.Timeout)
		status, err := m.Source.Status(ctx, endpoint)
		cancel()
		if err != nil {
			continue // the other endpoints decide
		}
		if !truthful(status.Version) {
			return false
		}
		answers = true
	}
	return answers
}

// truthful reports whether progress responses of a server with this version are
// reliable.
func truthful(version string) bool {
	var numbers [3]int
	release, _, _ := strings.Cut(version, "-")
	for i, part := range strings.SplitN(release, ".", len(numbers)) {
		n, err := strconv.Atoi(part)
		if err != nil {
			return false
		}
		numbers[i] = n
	}
	switch [2]int{numbers[0], numbers[1]} {
	case [2]int{3, 4}:
		return numbers[2] >= 25
	case [2]int{3, 5}:
		return numbers[2] >= 8
	}
	return numbers[0] > 3 || numbers[0] == 3 && numbers[1] >= 6
}
