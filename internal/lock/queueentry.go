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

// queueEntry is a key in the queue. A lease keeps it.
type queueEntry struct {
	client *etcd.Client
	outage *outage.Outage
	lease  clientv3.LeaseID
	leave  context.CancelFunc // ends the keep-alive
	prefix string             // of all keys of the queue
	key    string

	created  int64 // revision of the key's creation
	entered  int64 // revision at which the key existed
	acquired int64 // revision at which the key was the first; 0: not known to be
}

var (
	errKeyDeleted    = errors.New("its key was deleted")
	errContradiction = errors.New("the server reports two revisions for the creation of one key; query another member with --endpoints")
)

// isGone reports whether err means that an entry is gone.
func isGone(err error) bool {
	return errors.Is(err, errKeyDeleted) || errors.Is(err, keepalive.ErrGone)
}

// create creates the key, unless an earlier attempt has created it.
func (e *queueEntry) create(ctx context.Context, value string) error {
	first := clientv3.OpGet(e.prefix, clientv3.WithFirstCreate()...)
	response, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return e.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(e.key), "=", 0)).
			Then(clientv3.OpPut(e.key, value, clientv3.WithLease(e.lease)), first).
			// An earlier attempt may have created it and received no answer.
			Else(clientv3.OpGet(e.key), first).
			Commit()
	})
	switch {
	case errors.Is(err, rpctypes.ErrLeaseNotFound): // the lease expired meanwhile
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
	// If the queue is empty, this key was deleted meanwhile. waitUntilFirst detects that.
	if oldest := firstKey(response, 1); oldest != nil && oldest.GetCreateRevision() == e.created {
		e.acquired = e.entered
	}
	return nil
}

// firstKey returns the first key that an operation of a transaction has read, or nil if
// it has read none.
func firstKey(r *clientv3.TxnResponse, operation int) *mvccpb.KeyValue {
	if kvs := r.Responses[operation].GetResponseRange().GetKvs(); len(kvs) > 0 {
		return kvs[0]
	}
	return nil
}

// waitUntilFirst returns nil when the queue has no older key. If the key itself is gone,
// it returns an error.
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
	own, err := e.read(ctx) // it may be gone by now
	if err != nil {
		return err
	}
	e.acquired = own.Header.Revision
	return nil
}

// watchPause is the wait before a watch that has ended starts again.
const watchPause = 500 * time.Millisecond

// waitForDeletion returns nil if a key may have been deleted after the revision seen.
// Either it was deleted, or the watch for it has ended. The error is that of ctx.
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

// Receive implements watch.Sink. If the watch was cancelled, the next read returns the
// reason.
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

// watch returns when the key is gone or ctx has ended.
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
		// After any other error, such as a lost permission to read, the lease is still
		// known to be alive.
	}
}

// read reads the key. If the key is gone, the error is that of goneError.
func (e *queueEntry) read(ctx context.Context) (*clientv3.GetResponse, error) {
	own, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.GetResponse, error) { return e.client.Get(ctx, e.key) })
	if err == nil && (len(own.Kvs) == 0 || own.Kvs[0].CreateRevision != e.created) {
		err = e.goneError(ctx)
	}
	return own, err
}

// goneError returns keepalive.ErrGone if the lease of a missing key is gone as well,
// otherwise errKeyDeleted. If ctx has ended, it returns the cause.
func (e *queueEntry) goneError(ctx context.Context) error {
	response, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.LeaseTimeToLiveResponse, error) {
		return e.client.TimeToLive(ctx, e.lease)
	})
	switch {
	case ctx.Err() != nil: // its cause may be the loss
		return context.Cause(ctx)
	case err == nil && response.TTL <= 0:
		return keepalive.ErrGone
	}
	return errKeyDeleted
}

// put changes the value of the key. If the key is gone, the error is that of goneError.
func (e *queueEntry) put(ctx context.Context, value string) error {
	response, err := repeat(ctx, e.outage, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return e.client.Txn(ctx).
			If(clientv3.Compare(clientv3.CreateRevision(e.key), "=", e.created)).
			Then(clientv3.OpPut(e.key, value, clientv3.WithLease(e.lease))).
			Commit()
	})
	if err == nil && !response.Succeeded {
		return e.goneError(ctx)
	}
	return err
}

// delete deletes the key and revokes the lease. If the key is gone already, it returns an
// error.
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
	if !response.Succeeded && requests == 1 { // otherwise an earlier attempt may have
		if gone = e.goneError(ctx); !isGone(gone) {
			gone = errKeyDeleted
		}
	}
	// Its error does not matter, because the lease expires anyway.
	_, _ = repeat(ctx, nil, func(ctx context.Context) (*clientv3.LeaseRevokeResponse, error) {
		return e.client.Revoke(ctx, e.lease)
	})
	return gone
}
