package mirror

import (
	"context"
	"errors"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/scan"
)

// batchesInFlight limits the concurrent transactions of the copy. The destination syncs
// concurrent transactions to disk together.
const batchesInFlight = 16

// baseCopy copies the keys of one revision. It is the sink of a scan.
type baseCopy struct {
	*mirror
	ctx  context.Context //nolint:containedctx // of the one copy that it is for
	fail context.CancelCauseFunc

	revision int64  // of the source; 0 before the first block
	next     string // the first key not read yet
	begun    string // next, as in the position at the start

	batch   []change
	size    int
	last    []byte // the last source key added to a batch; nil before the first
	started bool   // a batch was sent
	sending *crash.Group

	mu    sync.Mutex
	order []*sentBatch // in flight or done, in key order
}

// sentBatch is a batch that was sent to the destination.
type sentBatch struct {
	next string // the first key after it
	done bool
}

// copyBase copies the keys, starting at the position at. If the source cannot be read
// for a while, copyBase retries at the same revision.
func (m *mirror) copyBase(ctx context.Context, at position) error {
	copying, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b := &baseCopy{mirror: m, ctx: copying, fail: cancel, revision: at.Base, next: string(at.Next), begun: string(at.Next)}
	b.sending, _ = crash.NewGroup(ctx, batchesInFlight) // fail cancels its requests
	defer func() { _ = b.sending.Wait() }()
	from, end := rangeOf(m.rename.from)
	if b.next == "" {
		b.next = from
	}
	for {
		err := scan.Read(copying, m.Source, scan.Query{
			Key: b.next, End: end, Revision: b.revision, Timeout: m.Timeout, GCPercent: m.GCPercent,
		}, b)
		if cut, ok := errors.AsType[*scan.IncompleteError](err); ok && (passes(cut.Err) || errors.Is(cut.Err, rpctypes.ErrCompacted)) {
			err = cut.Err // the keys read so far are kept
		}
		switch {
		case copying.Err() != nil:
			return context.Cause(copying)
		case err == nil:
			m.sourceOutage.over()
			return b.finish(ctx)
		case errors.Is(err, rpctypes.ErrCompacted):
			return m.compacted(ctx, b.revision)
		case b.revision == 0 || !passes(err):
			return m.Source.Explain(ctx, err)
		}
		if err := m.sourceOutage.wait(copying, err); err != nil {
			return err
		}
	}
}

// Begin implements scan.Sink.
func (b *baseCopy) Begin(header *pb.ResponseHeader) error {
	if b.revision == 0 {
		b.revision = header.GetRevision()
		b.tracker.copying(b.revision, b.begun)
		// Save before the first write. Then keys that the source deletes after this
		// revision are also deleted at the destination, even if this run ends early.
		return exit.With(exit.IO, b.tracker.lastSave())
	}
	b.sourceOutage.over()
	return nil
}

// Keys implements scan.Sink. Only the keys of unsent and in-flight batches stay in
// memory.
func (b *baseCopy) Keys(kvs []*mvccpb.KeyValue) error {
	for _, kv := range kvs {
		if err := b.add(change{key: b.rename.name(kv.GetKey()), value: kv.GetValue(), created: true}); err != nil {
			return err
		}
		b.last = kv.GetKey()
	}
	b.next = b.reached()
	return nil
}

// reached returns the first key after the last one added to a batch. Before the first,
// it returns the next key of the position, which is empty in a new copy.
func (b *baseCopy) reached() string {
	if b.last == nil {
		return b.begun
	}
	return string(b.last) + "\x00"
}

// add adds a change to the batch. If the batch is full, add sends it first.
func (b *baseCopy) add(c change) error {
	if b.writer.full(len(b.batch), b.size, c.size()) {
		if err := b.send(); err != nil {
			return err
		}
	}
	b.batch = append(b.batch, c)
	b.size += c.size()
	return nil
}

// End implements scan.Sink.
func (b *baseCopy) End(bool, int64) error { return b.send() }

// send sends the batch. It waits for the first batch, because the fence of the others
// depends on it.
func (b *baseCopy) send() error {
	if len(b.batch) == 0 {
		return nil
	}
	batch, sent := b.batch, &sentBatch{next: b.reached()}
	b.batch, b.size = make([]change, 0, len(batch)), 0
	b.mu.Lock()
	b.order = append(b.order, sent)
	b.mu.Unlock()
	apply := func() error {
		if err := b.writer.apply(b.ctx, batch); err != nil {
			b.fail(err)
			return err
		}
		b.arrived(sent)
		return nil
	}
	if !b.started {
		b.started = true
		return apply()
	}
	b.sending.Start(apply)
	return nil
}

// arrived records that a batch is at the destination. It advances the position over all
// batches that are done without a gap.
func (b *baseCopy) arrived(f *sentBatch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f.done = true
	n := 0
	for n < len(b.order) && b.order[n].done {
		n++
	}
	if n > 0 {
		b.tracker.copying(b.revision, b.order[n-1].next)
		b.order = b.order[n:]
	}
}

// finish waits for the batches in flight, and prunes if Prune is set.
func (b *baseCopy) finish(ctx context.Context) error {
	if err := b.sending.Wait(); err != nil {
		return err
	}
	if b.Prune {
		if err := b.prune(ctx, b.revision); err != nil {
			return err
		}
	}
	b.tracker.done(b.revision)
	_ = b.tracker.save() // immediately; if it fails, keep retries and warns
	return context.Cause(ctx)
}
