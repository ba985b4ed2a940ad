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
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/watch"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// queueEntry is a key in the queue, which a lease keeps.
type queueEntry struct {
	client *etcd.Client
	outage *outage.Outage
	lease  clientv3.LeaseID
	leave  context.CancelFunc // ends the keeping
	prefix string             // of all keys of the queue
	key    string

	created  int64 // revision of the key's creation
	entered  int64 // revision at which the key was there
	acquired int64 // revision at which it was known to be the first, 0: not yet
}

var (
	errKeyDeleted    = errors.New("its key was deleted")
	errContradiction = errors.New("the server reports two revisions for the creation of one key; query another member with --endpoints")
)

// isGone says whether err reports that an entry has gone.
func isGone(err error) bool {
	return errors.Is(err, errKeyDeleted) || errors.Is(err, keepalive.ErrGone)
}

// create creates the key.
func (e *queueEntry) create(ctx context.Context, value string) error {
	first := clientv3.OpGet(e.prefix, clientv3.WithFirstCreate()...)
	response, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return e.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(e.key), "=", 0)).
			Then(clientv3.OpPut(e.key, value, clientv3.WithLease(e.lease)), first).
			// An earlier attempt may have made it, though no answer came.
			Else(clientv3.OpGet(e.key), first).
			Commit()
	})
	switch {
	case errors.Is(err, rpctypes.ErrLeaseNotFound): // it took longer than the lease lives
		return keepalive.ErrGone
	case err != nil:
		return err
	}
	e.entered = response.Header.GetRevision()
	e.created = e.entered
	if !response.Succeeded {
		own := firstKey(response, 0)
		if own == nil {
			return errKeyDeleted
		}
		e.created = own.GetCreateRevision()
	}
	// Without any key in the queue its own was deleted meanwhile: waiting shows it.
	if oldest := firstKey(response, 1); oldest != nil && oldest.GetCreateRevision() == e.created {
		e.acquired = e.entered
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
func (e *queueEntry) waitUntilFirst(ctx context.Context) error {
	if e.acquired != 0 {
		return nil
	}
	for {
		options := append(clientv3.WithLastCreate(), clientv3.WithMaxCreateRev(e.created-1))
		before, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.GetResponse, error) {
			return e.client.Get(ctx, e.prefix, options...)
		})
		if err != nil {
			return err
		}
		if len(before.Kvs) == 0 {
			break
		}
		if string(before.Kvs[0].Key) == e.key { // it would wait for itself
			return errContradiction
		}
		if err := e.waitForDeletion(ctx, string(before.Kvs[0].Key), before.Header.Revision); err != nil {
			return err
		}
	}
	own, err := e.read(ctx) // it may have gone while it waited
	if err != nil {
		return err
	}
	e.acquired = own.Header.Revision
	return nil
}

// watchPause is the wait before a watch that was ended is begun again.
const watchPause = 500 * time.Millisecond

// waitForDeletion returns nil when a key may have been deleted since a revision:
// it has been, or the watch for it has ended. The error is that of ctx.
func (e *queueEntry) waitForDeletion(ctx context.Context, key string, seen int64) error {
	deleted := &watch.Watch{Client: watch.Of(e.client), Query: stream.Query{Key: key}, Next: seen + 1, Outage: e.outage}
	err := deleted.Run(ctx, deletion{})
	switch {
	case errors.Is(err, errKeyDeleted):
		return nil
	case err != nil:
		return err
	}
	return retry.Wait(ctx, watchPause)
}

// deletion is the sink of a watch that ends when the key is deleted.
type deletion struct{}

// Receive implements watch.Sink. If the watch was cancelled, reading finds out why.
func (deletion) Receive(part watch.Part) error {
	for _, event := range part.Events {
		if event.GetType() == mvccpb.Event_DELETE {
			return errKeyDeleted
		}
	}
	return nil
}

// Idle implements watch.Sink.
func (deletion) Idle() error { return nil }

// watch returns when the key has gone or ctx has ended.
func (e *queueEntry) watch(ctx context.Context) error {
	for seen := e.entered; ; {
		if err := e.waitForDeletion(ctx, e.key, seen); err != nil {
			return err
		}
		own, err := e.read(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isGone(err):
			return err
		case err == nil:
			seen = own.Header.Revision
		}
		// After any other error, such as a lost permission to read, it is still known
		// that the lease lives.
	}
}

// read reads the key.
func (e *queueEntry) read(ctx context.Context) (*clientv3.GetResponse, error) {
	own, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.GetResponse, error) { return e.client.Get(ctx, e.key) })
	if err == nil && (len(own.Kvs) == 0 || own.Kvs[0].CreateRevision != e.created) {
		err = e.whatIsGone(ctx)
	}
	return own, err
}

// whatIsGone says whether the key went with its lease.
func (e *queueEntry) whatIsGone(ctx context.Context) error {
	response, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.LeaseTimeToLiveResponse, error) {
		return e.client.TimeToLive(ctx, e.lease)
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
func (e *queueEntry) put(ctx context.Context, value string) error {
	response, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return e.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(e.key), "=", e.created)).
			Then(clientv3.OpPut(e.key, value, clientv3.WithLease(e.lease))).
			Commit()
	})
	if err == nil && !response.Succeeded {
		return e.whatIsGone(ctx)
	}
	return err
}

// delete deletes the key and revokes the lease.
func (e *queueEntry) delete(ctx context.Context) error {
	requests := 0
	response, err := repeat(ctx, nil, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		requests++
		return e.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(e.key), "=", e.created)).
			Then(clientv3.OpDelete(e.key)).
			Commit()
	})
	if err != nil {
		return err
	}
	gone := error(nil)
	if !response.Succeeded && requests == 1 { // else an attempt without answer may have done it
		if gone = e.whatIsGone(ctx); !isGone(gone) {
			gone = errKeyDeleted
		}
	}
	// Nothing depends on it: otherwise the lease ends by itself.
	_, _ = repeat(ctx, nil, func(ctx context.Context) (*clientv3.LeaseRevokeResponse, error) {
		return e.client.Revoke(ctx, e.lease)
	})
	return gone
}
