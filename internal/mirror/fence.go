package mirror

import (
	"context"
	"errors"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// fence keeps requests whose fate is unknown from taking effect late. A member
// that was stopped, or the way to it, may hold a transaction for any time and
// deliver it when the keys have long been written again or deleted, and nothing
// would ever put that right.
//
// So every transaction is made on the condition that one key of the destination,
// the anchor, is at the revision at which it was last seen. When the answer to a
// transaction is lost, the anchor is written once more as it is before anything
// else: what is still on its way then fails.
//
// Where the user may not read the destination, there can be no conditions and no
// fence.
type fence struct {
	mu     sync.Mutex
	off    bool
	key    string // the anchor; empty before the first transaction
	at     int64  // its revision, 0: it does not exist
	recent []seen // other keys that were written lately, the last ones last

	moving sync.Mutex // one moves it at a time
}

// seen is a key with the revision at which it was written.
type seen struct {
	key string
	at  int64
}

// recentKeys are enough to find another anchor among without asking.
const recentKeys = 16

// pass is what a transaction shows at the fence.
type pass struct {
	off bool
	seen
}

func (p pass) conditions() []*pb.Compare {
	if p.off {
		return nil
	}
	return []*pb.Compare{{
		Key: []byte(p.key), Target: pb.Compare_MOD, Result: pb.Compare_EQUAL,
		TargetUnion: &pb.Compare_ModRevision{ModRevision: p.at},
	}}
}

func (f *fence) pass() pass {
	f.mu.Lock()
	defer f.mu.Unlock()
	return pass{f.off, seen{f.key, f.at}}
}

// anchor is the key of the fence.
func (f *fence) anchor() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.key
}

// unknown is the revision of an anchor that has not been looked at.
const unknown = -1

// resume takes the anchor of an earlier run, of which something may still be on
// its way.
func (f *fence) resume(key string) { f.key, f.at = key, unknown }

// begin makes sure that there is an anchor: key, where there is none. That of
// an earlier run is moved.
func (f *fence) begin(ctx context.Context, w *writer, key string) error {
	p := f.pass()
	switch {
	case p.off, p.key != "" && p.at != unknown:
		return nil
	case p.key != "":
		return f.move(ctx, w, p)
	}
	for {
		response, err := w.revisionOf(ctx, key)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			f.mu.Lock()
			f.key, f.at = key, response.at
			f.mu.Unlock()
			return nil
		case errors.Is(err, rpctypes.ErrPermissionDenied), errors.Is(err, rpctypes.ErrEmptyKey):
			f.drop()
			return nil
		case !passes(err):
			return w.client.Explain(ctx, err)
		}
		if err := w.outage.wait(ctx, err); err != nil {
			return err
		}
	}
}

// revisionOf returns the revision of a key, 0 where it does not exist.
func (w *writer) revisionOf(ctx context.Context, key string) (seen, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	response, err := w.client.Get(ctx, key, clientv3.WithKeysOnly())
	if err != nil || len(response.Kvs) == 0 {
		return seen{key, 0}, err
	}
	return seen{key, response.Kvs[0].GetModRevision()}, nil
}

// drop gives the fence up. It returns false where there is none.
func (f *fence) drop() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	had := !f.off
	f.off = true
	return had
}

// made is told of changes that were made at a revision.
func (f *fence) made(changes []change, revision int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		if string(c.key) == f.key {
			f.at = revision
			if c.deleted {
				f.at = 0
			}
			continue
		}
		f.forget(c.key)
	}
	for _, c := range changes[max(0, len(changes)-recentKeys):] {
		if !c.deleted && string(c.key) != f.key {
			f.recent = append(f.recent, seen{string(c.key), revision})
		}
	}
	if f.at == 0 && len(f.recent) > 0 {
		last := f.recent[len(f.recent)-1]
		f.key, f.at = last.key, last.at
		f.recent = f.recent[:len(f.recent)-1]
	}
	if more := len(f.recent) - recentKeys; more > 0 {
		f.recent = append(f.recent[:0], f.recent[more:]...)
	}
}

func (f *fence) forget(key []byte) {
	for i, r := range f.recent {
		if r.key == string(key) {
			f.recent = append(f.recent[:i], f.recent[i+1:]...)
			return
		}
	}
}

// move writes the anchor as it is, or finds another one where it is gone, so
// that what has shown old passes fails. It does nothing where somebody else has
// moved the fence since.
func (f *fence) move(ctx context.Context, w *writer, old pass) error {
	f.moving.Lock()
	defer f.moving.Unlock()
	for {
		now := f.pass()
		if now != old || now.off {
			return nil
		}
		moved, err := f.touch(ctx, w, now.key)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			w.outage.over()
			f.mu.Lock()
			f.key, f.at = moved.key, moved.at
			f.mu.Unlock()
			return nil
		case errors.Is(err, rpctypes.ErrPermissionDenied):
			f.drop()
			return nil
		case !passes(err):
			return w.client.Explain(ctx, err)
		}
		if err := w.outage.wait(ctx, err); err != nil {
			return err
		}
	}
}

// touch writes a key as it is and returns its revision. Where there is no such
// key, it is the first one of the destination's range, and where that is empty
// nothing is written: a transaction that is on its way then only does what the
// next attempt does, too.
func (f *fence) touch(ctx context.Context, w *writer, key string) (seen, error) {
	for {
		anchor, err := w.revisionOf(ctx, key)
		if err == nil && anchor.at == 0 {
			anchor, err = w.firstOf(ctx, key)
		}
		if err != nil || anchor.at == 0 {
			return anchor, err
		}
		written, err := w.rewrite(ctx, anchor)
		if err != nil || written.at != 0 {
			return written, err
		}
	}
}

// firstOf returns the first key of the destination's range, or otherwise where
// there is none.
func (w *writer) firstOf(ctx context.Context, otherwise string) (seen, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	from, end := rangeOf(w.to)
	response, err := w.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(1), clientv3.WithKeysOnly())
	if err != nil || len(response.Kvs) == 0 {
		return seen{otherwise, 0}, err
	}
	return seen{string(response.Kvs[0].GetKey()), response.Kvs[0].GetModRevision()}, nil
}

// rewrite writes a key as it is. The revision is 0 where the key has changed
// since it was seen.
func (w *writer) rewrite(ctx context.Context, anchor seen) (seen, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	written, err := w.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(anchor.key), "=", anchor.at)).
		Then(clientv3.OpPut(anchor.key, "", clientv3.WithIgnoreValue(), clientv3.WithIgnoreLease())).
		Commit()
	if err != nil || !written.Succeeded {
		return seen{anchor.key, 0}, err
	}
	return seen{anchor.key, written.Header.GetRevision()}, nil
}
