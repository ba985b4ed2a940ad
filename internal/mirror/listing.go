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

// listing are the keys of the destination's range, in their order: --prune
// compares them with those of the source, which come in the same order. It is
// the sink of a scan.
//
// The keys need not be of one revision: what others write meanwhile is found or
// not.
type listing struct {
	ctx    context.Context //nolint:containedctx // of the one copy that it is for
	next   string          // the first key that was not read
	blocks chan [][]byte
	block  [][]byte // of it what was not taken
	err    error    // why there are no more blocks; nil at the end
}

// listingAhead is how many blocks are read ahead.
const listingAhead = 2

// list lists the destination's keys.
func (m *mirror) list(ctx context.Context) *listing {
	from, end := rangeOf(m.rename.to)
	l := &listing{ctx: ctx, next: from, blocks: make(chan [][]byte, listingAhead)}
	crash.Go(func() {
		defer close(l.blocks)
		l.err = m.read(ctx, l, end)
	})
	return l
}

// read reads the keys up to end. A destination that cannot be read for a while is
// read on later.
func (m *mirror) read(ctx context.Context, l *listing, end string) error {
	for {
		err := scan.Read(ctx, m.Destination, scan.Query{Key: l.next, End: end, KeysOnly: true, Timeout: m.Timeout}, l)
		if cut, ok := errors.AsType[*scan.IncompleteError](err); ok && (passes(cut.Err) || errors.Is(cut.Err, rpctypes.ErrCompacted)) {
			err = cut.Err // what was read is not lost
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			return nil
		case errors.Is(err, rpctypes.ErrCompacted): // the rest is read as it is now
		case errors.Is(err, rpctypes.ErrPermissionDenied):
			return fmt.Errorf("%w: --prune reads the keys of the destination's range", m.Destination.Explain(ctx, err))
		case !passes(err):
			return m.Destination.Explain(ctx, err)
		}
		if err := m.writer.trouble.wait(ctx, err); err != nil {
			return err
		}
	}
}

// Begin implements scan.Sink.
func (l *listing) Begin(*pb.ResponseHeader) error { return nil }

// Keys implements scan.Sink.
func (l *listing) Keys(kvs []*mvccpb.KeyValue) error {
	keys := make([][]byte, len(kvs))
	for i, kv := range kvs {
		keys[i] = bytes.Clone(kv.GetKey()) // without the memory of the block
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
func (l *listing) End(bool, int64) error { return nil }

// peek returns the next key, nil behind the last.
func (l *listing) peek() ([]byte, error) {
	for len(l.block) == 0 {
		block, more := <-l.blocks
		if !more {
			return nil, l.err
		}
		l.block = block
	}
	return l.block[0], nil
}

// before takes the next key that stands before name, a name of the source's next
// key; before nil all do. It returns nil where there is none, and takes name
// itself.
func (l *listing) before(name []byte) ([]byte, error) {
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
