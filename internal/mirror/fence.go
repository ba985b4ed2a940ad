package mirror

import (
	"context"
	"errors"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// fence keeps requests with an unknown outcome from taking effect late. A stopped
// member, or the network, may delay a transaction by any time. It may arrive after its
// keys have been written again or deleted, and no later change would correct that.
//
// So every transaction has a condition: one key of the destination, the anchor, is at
// its last known revision. If the answer to a transaction is lost, the anchor is written
// again with its own value before anything else. Then transactions that are still in
// flight fail.
//
// If the user may not read the destination, conditions are impossible, and there is no
// fence.
type fence struct {
	mu     sync.Mutex
	off    bool
	key    string // the anchor; empty before the first transaction
	at     int64  // its revision; 0 if it does not exist
	recent []seen // other keys written recently, oldest first

	moving sync.Mutex // held while the anchor is written again
}

// seen is a key with the revision of its last known write.
type seen struct {
	key string
	at  int64
}

// recentKeys limits the recent keys. If the anchor is deleted, one of them replaces it
// without a request.
const recentKeys = 16

// pass is the condition of a transaction: the anchor and its revision.
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

// anchor returns the key that is the anchor.
func (f *fence) anchor() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.key
}

// unknown is the revision of an anchor that has not been read.
const unknown = -1

// resume sets the anchor of an earlier run. Transactions of that run may still be in
// flight.
func (f *fence) resume(key string) { f.key, f.at = key, unknown }

// begin makes sure that there is an anchor. If there is none, key becomes the anchor.
// The anchor of an earlier run is written again.
func (f *fence) begin(ctx context.Context, w *writer, key string) error {
	p := f.pass()
	switch {
	case p.off, p.key != "" && p.at != unknown:
		return nil
	case p.key != "":
		return f.renew(ctx, w, p, true)
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

// revisionOf returns a key with its revision, or with 0 if it does not exist.
func (w *writer) revisionOf(ctx context.Context, key string) (seen, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	response, err := w.client.Get(ctx, key, clientv3.WithKeysOnly())
	if err != nil || len(response.Kvs) == 0 {
		return seen{key, 0}, err
	}
	return seen{key, response.Kvs[0].GetModRevision()}, nil
}

// drop turns the fence off. It returns false if the fence was off already.
func (f *fence) drop() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	had := !f.off
	f.off = true
	return had
}

// made updates the anchor and the recent keys after changes at a revision.
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

// renew returns when transactions with the pass old fail, or are known to have failed. If
// the response to one was lost, it writes the anchor again with its own value. Otherwise it
// only reads the anchor's revision. If the anchor is gone, renew finds another one. It does
// nothing if the anchor has changed since old.
func (f *fence) renew(ctx context.Context, w *writer, old pass, lost bool) error {
	f.moving.Lock()
	defer f.moving.Unlock()
	for {
		now := f.pass()
		if now != old || now.off {
			return nil
		}
		moved, err := f.touch(ctx, w, now.key, lost)
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

// touch writes a key again with its own value and returns its revision. If the key does
// not exist, it writes the first key of the destination's range instead. If the range is
// empty, it writes nothing. A transaction in flight then has the same effect as the next
// attempt. If write is false, touch only reads.
func (f *fence) touch(ctx context.Context, w *writer, key string, write bool) (seen, error) {
	for {
		anchor, err := w.revisionOf(ctx, key)
		if err == nil && anchor.at == 0 {
			anchor, err = w.firstOf(ctx, key)
		}
		if err != nil || anchor.at == 0 || !write {
			return anchor, err
		}
		written, err := w.rewrite(ctx, anchor)
		if err != nil || written.at != 0 {
			return written, err
		}
	}
}

// firstOf returns the first key of the destination's range. If the range is empty, it
// returns the key otherwise with the revision 0.
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

// rewrite writes a key again with its own value and lease. The returned revision is 0 if
// the key has changed since anchor was read.
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
