package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/scan"
)

// destinationKeys are the keys of the destination's range, in order. --prune compares
// them with the source's keys, which come in the same order. It is the sink of a scan.
//
// The keys may come from several revisions. Keys that other clients write meanwhile may
// be missing.
type destinationKeys struct {
	ctx    context.Context //nolint:containedctx // of the one copy that it is for
	next   string          // the first key not read yet
	blocks chan [][]byte
	block  [][]byte // the keys not taken yet
	err    error    // why reading stopped; nil at the end of the range
}

// blocksAhead is the number of blocks that are read ahead.
const blocksAhead = 2

// listDestination starts to list the destination's keys. The list ends with ctx.
func (m *mirror) listDestination(ctx context.Context) *destinationKeys {
	from, end := rangeOf(m.rename.to)
	l := &destinationKeys{ctx: ctx, next: from, blocks: make(chan [][]byte, blocksAhead)}
	crash.Go(func() {
		defer close(l.blocks)
		l.err = m.read(ctx, l, end)
	})
	return l
}

// read reads the keys up to end. If the destination cannot be read for a while, read
// retries from the first key not read yet.
func (m *mirror) read(ctx context.Context, l *destinationKeys, end string) error {
	for {
		err := scan.Read(ctx, m.Destination, scan.Query{Key: l.next, End: end, KeysOnly: true, Timeout: m.Timeout, GCPercent: m.GCPercent}, l)
		if cut, ok := errors.AsType[*scan.IncompleteError](err); ok && (passes(cut.Err) || errors.Is(cut.Err, rpctypes.ErrCompacted)) {
			err = cut.Err // the keys read so far are kept
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			return nil
		case errors.Is(err, rpctypes.ErrCompacted): // read the rest at the current revision
		case errors.Is(err, rpctypes.ErrPermissionDenied):
			return fmt.Errorf("%w: --prune reads the keys of the destination's range", m.Destination.Explain(ctx, err))
		case !passes(err):
			return m.Destination.Explain(ctx, err)
		}
		if err := m.writer.outage.wait(ctx, err); err != nil {
			return err
		}
	}
}

// Begin implements scan.Sink.
func (l *destinationKeys) Begin(*pb.ResponseHeader) error { return nil }

// Keys implements scan.Sink.
func (l *destinationKeys) Keys(kvs []*mvccpb.KeyValue) error {
	keys := make([][]byte, len(kvs))
	for i, kv := range kvs {
		keys[i] = bytes.Clone(kv.GetKey()) // a copy, so that the block can be freed
	}
	select {
	case l.blocks <- keys:
	case <-l.ctx.Done():
		return context.Cause(l.ctx)
	}
	l.next = string(keys[len(keys)-1]) + "\x00"
	return nil
}

// End implements scan.Sink.
func (l *destinationKeys) End(bool, int64) error { return nil }

// peek returns the next key, or nil after the last.
func (l *destinationKeys) peek() ([]byte, error) {
	for len(l.block) == 0 {
		block, more := <-l.blocks
		if !more {
			return nil, l.err
		}
		l.block = block
	}
	return l.block[0], nil
}

// before removes the next key from the list and returns it, if it sorts before name, the
// name of the source's next key. A nil name means that the source has no more keys.
// Otherwise before returns nil, and removes name if it is next in the list.
func (l *destinationKeys) before(name []byte) ([]byte, error) {
	key, err := l.peek()
	if key == nil || err != nil {
		return nil, err
	}
	order := -1
	if name != nil {
		order = bytes.Compare(key, name)
	}
	if order > 0 {
		return nil, nil
	}
	l.block = l.block[1:]
	if order == 0 {
		return nil, nil
	}
	return key, nil
}
