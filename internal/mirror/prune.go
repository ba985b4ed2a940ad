package mirror

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/scan"
)

// confirm calls Confirm if Prune is set and the destination has keys.
func (m *mirror) confirm(ctx context.Context) error {
	if !m.Prune || m.Confirm == nil {
		return nil
	}
	count := func(client *etcd.Client, prefix string) (int64, error) {
		timed, cancel := m.timed(ctx)
		defer cancel()
		from, end := rangeOf(prefix)
		response, err := client.Get(timed, from, clientv3.WithRange(end), clientv3.WithCountOnly())
		if err != nil {
			return 0, client.Explain(ctx, err)
		}
		return response.Count, nil
	}
	var sizes Sizes
	var err error
	if sizes.Destination, err = count(m.Destination, m.rename.to); err != nil || sizes.Destination == 0 {
		return err
	}
	if sizes.Source, err = count(m.Source, m.rename.from); err != nil {
		return err
	}
	return m.Confirm(ctx, sizes)
}

// WithPrefix returns a part of a sentence that describes the keys with a prefix.
func WithPrefix(prefix string) string {
	if prefix == "" {
		return "in all"
	}
	return fmt.Sprintf("that start with %q", prefix)
}

// pruner finds the keys that the destination has and the source does not. It is the sink
// of a scan of the source's keys.
//
// Nothing is deleted before the source is listed to its end. Otherwise an incomplete
// list would delete the keys that it leaves out.
type pruner struct {
	*mirror
	there   *destinationKeys
	next    string // the source's first key not read yet
	any     bool   // the source has keys
	lacking keyList
	err     error // not of the source: from the list of the destination, or from End
}

// prune deletes the keys of the destination that the source does not have at revision.
func (m *mirror) prune(ctx context.Context, revision int64) error {
	listing, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &pruner{mirror: m, there: m.listDestination(listing)}
	from, end := rangeOf(m.rename.from)
	for p.next = from; ; {
		err := scan.Read(ctx, m.Source, scan.Query{
			Key: p.next, End: end, Revision: revision, KeysOnly: true, Timeout: m.Timeout, GCPercent: m.GCPercent,
		}, p)
		if cut, ok := errors.AsType[*scan.IncompleteError](err); ok && passes(cut.Err) {
			err = cut.Err // the keys read so far are kept
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case p.err != nil:
			return p.err
		case err == nil:
			m.sourceOutage.over()
			return p.delete(ctx)
		case errors.Is(err, rpctypes.ErrCompacted):
			return m.compacted(ctx, revision)
		case !passes(err):
			return m.Source.Explain(ctx, err)
		}
		if err := m.sourceOutage.wait(ctx, err); err != nil {
			return err
		}
	}
}

// Begin implements scan.Sink.
func (p *pruner) Begin(*pb.ResponseHeader) error {
	p.sourceOutage.over()
	return nil
}

// Keys implements scan.Sink.
func (p *pruner) Keys(kvs []*mvccpb.KeyValue) error {
	p.any = true
	for _, kv := range kvs {
		if err := p.take(p.rename.name(kv.GetKey())); err != nil {
			return err
		}
	}
	p.next = string(kvs[len(kvs)-1].GetKey()) + "\x00"
	return nil
}

// End implements scan.Sink. It returns an error if the source has no keys but the
// destination has some, because that is probably a mistake.
func (p *pruner) End(bool, int64) error {
	if !p.any {
		if key, err := p.there.peek(); err == nil && key != nil {
			p.err = fmt.Errorf("the source has no keys %s, and --prune would delete all those that the destination has %s: check the source; to delete them, use del --prefix at the destination",
				WithPrefix(p.rename.from), WithPrefix(p.rename.to))
			return p.err
		}
	}
	return p.take(nil)
}

// take collects the destination's keys that sort before name. If name is nil, it
// collects all remaining keys.
func (p *pruner) take(name []byte) error {
	for {
		key, err := p.there.before(name)
		if err != nil {
			p.err = err
			return err
		}
		if key == nil {
			return nil
		}
		p.lacking.add(key)
	}
}

// delete deletes the collected keys.
func (p *pruner) delete(ctx context.Context) error {
	var deleted atomic.Int64
	defer func() {
		if n := deleted.Load(); n > 0 {
			p.Pruned(n)
		}
	}()
	deleting, deletions := crash.NewGroup(ctx, batchesInFlight)
	first := true
	var batch []change
	size := 0
	send := func() error {
		some := batch
		batch, size = nil, 0
		apply := func() error {
			err := p.writer.apply(deletions, some)
			if err == nil {
				deleted.Add(int64(len(some)))
			}
			return err
		}
		if first { // the fence of the others depends on it
			first = false
			return apply()
		}
		deleting.Start(apply)
		return nil
	}
	for key := range p.lacking.all() {
		c := change{key: key, deleted: true}
		if len(batch) > 0 && p.writer.full(len(batch), size, c.size()) {
			if err := send(); err != nil {
				return err
			}
			if deletions.Err() != nil {
				break
			}
		}
		batch = append(batch, c)
		size += c.size()
	}
	if len(batch) > 0 && deletions.Err() == nil {
		if err := send(); err != nil {
			return err
		}
	}
	if err := deleting.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// keyList is a list of keys that takes little more memory than their bytes.
type keyList struct {
	bytes []byte
	ends  []int
}

func (l *keyList) add(key []byte) {
	l.bytes = append(l.bytes, key...)
	l.ends = append(l.ends, len(l.bytes))
}

// all returns the keys in the order in which they were added.
func (l *keyList) all() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		from := 0
		for _, end := range l.ends {
			if !yield(l.bytes[from:end:end]) {
				return
			}
			from = end
		}
	}
}
