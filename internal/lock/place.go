package lock

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/keepalive"
)

// place is a place in a queue: a key that a lease keeps.
type place struct {
	client *etcd.Client
	lease  clientv3.LeaseID
	leave  context.CancelFunc // ends the keeping
	prefix string             // of all keys of the queue
	key    string

	created int64 // revision of the key's creation
	entered int64 // revision at which the key was there
	won     int64 // revision at which it was known to be the first, 0: not yet
}

var (
	errKeyDeleted    = errors.New("its key was deleted")
	errContradiction = errors.New("the server reports two revisions for the creation of one key; query another member with --endpoints")
)

// isGone says whether err is that a place has gone.
func isGone(err error) bool {
	return errors.Is(err, errKeyDeleted) || errors.Is(err, keepalive.ErrGone)
}

// take makes the key.
func (p *place) take(ctx context.Context, value string) error {
	first := clientv3.OpGet(p.prefix, clientv3.WithFirstCreate()...)
	response, err := persist(ctx, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return p.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(p.key), "=", 0)).
			Then(clientv3.OpPut(p.key, value, clientv3.WithLease(p.lease)), first).
			// An earlier attempt may have made it, though no answer came.
			Else(clientv3.OpGet(p.key), first).
			Commit()
	})
	switch {
	case errors.Is(err, rpctypes.ErrLeaseNotFound): // it took longer than the lease lives
		return keepalive.ErrGone
	case err != nil:
		return err
	}
	p.entered = response.Header.GetRevision()
	p.created = p.entered
	if !response.Succeeded {
		own := firstKey(response, 0)
		if own == nil {
			return errKeyDeleted
		}
		p.created = own.GetCreateRevision()
	}
	// Without any key in the queue its own was deleted meanwhile: waiting shows it.
	if oldest := firstKey(response, 1); oldest != nil && oldest.GetCreateRevision() == p.created {
		p.won = p.entered
	}
	return nil
}

// firstKey returns the first key that an operation of a transaction has read, nil
// if there is none.
func firstKey(r *clientv3.TxnResponse, operation int) *mvccpb.KeyValue {
	if kvs := r.Responses[operation].GetResponseRange().GetKvs(); len(kvs) > 0 {
		return kvs[0]
	}
	return nil
}

// waitUntilFirst returns when no older key is left in the queue.
func (p *place) waitUntilFirst(ctx context.Context) error {
	if p.won != 0 {
		return nil
	}
	for {
		options := append(clientv3.WithLastCreate(), clientv3.WithMaxCreateRev(p.created-1))
		before, err := persist(ctx, func(ctx context.Context) (*clientv3.GetResponse, error) {
			return p.client.Get(ctx, p.prefix, options...)
		})
		if err != nil {
			return err
		}
		if len(before.Kvs) == 0 {
			break
		}
		if string(before.Kvs[0].Key) == p.key { // it would wait for itself
			return errContradiction
		}
		if err := p.waitForDeletion(ctx, string(before.Kvs[0].Key), before.Header.Revision); err != nil {
			return err
		}
	}
	own, err := p.read(ctx) // it may have gone while it waited
	if err != nil {
		return err
	}
	p.won = own.Header.Revision
	return nil
}

// watchPause is the wait before a watch that was ended is begun again.
const watchPause = 500 * time.Millisecond

// waitForDeletion returns nil when a key may have been deleted since a revision:
// it has been, or the watch for it has ended. The error is that of ctx.
func (p *place) waitForDeletion(ctx context.Context, key string, seen int64) error {
	watching, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	for response := range p.client.Watch(watching, key, clientv3.WithRev(seen+1)) {
		for _, event := range response.Events {
			if event.Type == clientv3.EventTypeDelete {
				return nil
			}
		}
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(watchPause):
		return nil
	}
}

// watch returns when the key has gone or ctx has ended.
func (p *place) watch(ctx context.Context) error {
	for seen := p.entered; ; {
		if err := p.waitForDeletion(ctx, p.key, seen); err != nil {
			return err
		}
		own, err := p.read(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isGone(err):
			return err
		case err == nil:
			seen = own.Header.Revision
		}
		// With any other error the right to look has gone, say: what is still
		// known is that the lease lives.
	}
}

// read reads the key.
func (p *place) read(ctx context.Context) (*clientv3.GetResponse, error) {
	own, err := persist(ctx, func(ctx context.Context) (*clientv3.GetResponse, error) { return p.client.Get(ctx, p.key) })
	if err == nil && (len(own.Kvs) == 0 || own.Kvs[0].CreateRevision != p.created) {
		err = p.whatIsGone(ctx)
	}
	return own, err
}

// whatIsGone says whether the lease took the key along.
func (p *place) whatIsGone(ctx context.Context) error {
	response, err := persist(ctx, func(ctx context.Context) (*clientv3.LeaseTimeToLiveResponse, error) {
		return p.client.TimeToLive(ctx, p.lease)
	})
	switch {
	case ctx.Err() != nil: // it is known why, maybe
		return context.Cause(ctx)
	case err == nil && response.TTL <= 0:
		return keepalive.ErrGone
	}
	return errKeyDeleted
}

// put gives the key another value.
func (p *place) put(ctx context.Context, value string) error {
	response, err := persist(ctx, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return p.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(p.key), "=", p.created)).
			Then(clientv3.OpPut(p.key, value, clientv3.WithLease(p.lease))).
			Commit()
	})
	if err == nil && !response.Succeeded {
		return p.whatIsGone(ctx)
	}
	return err
}

// giveUp deletes the key and the lease.
func (p *place) giveUp(ctx context.Context) error {
	requests := 0
	response, err := persist(ctx, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		requests++
		return p.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(p.key), "=", p.created)).
			Then(clientv3.OpDelete(p.key)).
			Commit()
	})
	if err != nil {
		return err
	}
	gone := error(nil)
	if !response.Succeeded && requests == 1 { // else an attempt without answer may have done it
		if gone = p.whatIsGone(ctx); !isGone(gone) {
			gone = errKeyDeleted
		}
	}
	// Nothing depends on it: otherwise the lease ends by itself.
	_, _ = persist(ctx, func(ctx context.Context) (*clientv3.LeaseRevokeResponse, error) {
		return p.client.Revoke(ctx, p.lease)
	})
	return gone
}
