package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
)

// change is a put or a deletion of one key of the destination.
type change struct {
	key, value []byte
	deleted    bool
	created    bool // a put of a key that the source did not have before
}

// size is the size of the change and its condition in a transaction.
func (c change) size() int { return 2*len(c.key) + len(c.value) + changeOverhead }

const (
	// maxTxnBytes is the initial maximum size of a transaction, in bytes. It leaves room
	// below the default request limit of a server, 1.5 MiB.
	maxTxnBytes = 1 << 20

	// changeOverhead is more than the encoding adds to a key, its value and its condition,
	// in bytes.
	changeOverhead = 64
)

// writer makes changes at the destination.
type writer struct {
	renaming
	client  *etcd.Client
	kv      pb.KVClient
	timeout time.Duration // of one attempt
	fence   fence
	outage  *sideOutage
	count   *atomic.Int64 // of the changes made

	maxOps, maxBytes atomic.Int64 // of one transaction; 0 in maxOps means no limit

	occupied  atomic.Bool // the last batch that was read has keys that exist
	unchecked atomic.Bool // a transaction has no room for a condition: keys are not checked
}

// full reports whether a transaction with these changes and bytes has no room for a
// change of more bytes.
func (w *writer) full(changes, bytes, more int) bool {
	maxOps := w.maxOps.Load()
	return maxOps > 0 && int64(changes) >= maxOps || changes > 0 && int64(bytes+more) > w.maxBytes.Load()
}

// apply makes changes of different keys, in one transaction if the destination accepts
// it. Otherwise it splits the changes and keeps their order. It retries until the
// changes are made, or until an error shows that they cannot be made.
func (w *writer) apply(ctx context.Context, changes []change) error {
	if err := w.fence.begin(ctx, w, string(changes[0].key)); err != nil {
		return err
	}
	unchecked := w.unchecked.Load()
	for refusals := 0; ; {
		pass := w.fence.pass()
		done, err := w.attempt(ctx, pass, changes, unchecked || pass.off)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && done.all:
			w.outage.over()
			w.fence.made(done.changes, done.revision)
			w.count.Add(int64(len(changes)))
			return nil
		case err == nil: // the anchor or a key was written, by this or another process
		case errors.Is(err, rpctypes.ErrTooManyOps) && len(changes) > 1:
			lower(&w.maxOps, len(changes)/2)
			return w.halves(ctx, changes)
		case isTooLarge(err) && len(changes) > 1:
			lower(&w.maxBytes, sizeOf(changes)/2)
			return w.halves(ctx, changes)
		case errors.Is(err, etcd.ErrTooLarge) && len(changes) > 1:
			return w.halves(ctx, changes)
		case !unchecked && !pass.off && errors.Is(err, rpctypes.ErrTooManyOps):
			w.unchecked.Store(true)
			unchecked = true
			continue
		case !unchecked && errors.Is(err, etcd.ErrTooLarge):
			unchecked = true
			continue
		case isTooLarge(err):
			return w.alone(ctx, changes[0], err)
		case errors.Is(err, rpctypes.ErrPermissionDenied) && w.fence.drop():
			continue
		case isRefusal(err) && refusals < maxRefusals, passes(err):
			if isRefusal(err) {
				refusals++
			}
			if err := w.outage.wait(ctx, err); err != nil {
				return err
			}
		default:
			return w.refused(err, changes)
		}
		if err := w.fence.renew(ctx, w, pass, err != nil); err != nil {
			return err
		}
	}
}

// send sends a transaction once.
func (w *writer) send(ctx context.Context, request *pb.TxnRequest) (*pb.TxnResponse, error) {
	response, err := w.kv.Txn(ctx, request)
	if retry.Is(err, retry.TimedOut) {
		err = context.DeadlineExceeded // as the client library returns it
	}
	return response, rpctypes.Error(err)
}

// request returns the transaction of changes. It uses the API's own types, and allocates
// all values of a type at once. With the client library's types, a copy would spend a
// third of its time on allocation and garbage collection.
func request(pass pass, changes []change) *pb.TxnRequest {
	ops, operations := make([]*pb.RequestOp, len(changes)), make([]pb.RequestOp, len(changes))
	puts, requests := make([]pb.PutRequest, len(changes)), make([]pb.RequestOp_RequestPut, len(changes))
	for i, c := range changes {
		ops[i] = &operations[i]
		if c.deleted {
			ops[i].Request = &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: c.key}}
			continue
		}
		puts[i].Key, puts[i].Value = c.key, c.value
		requests[i].RequestPut = &puts[i]
		ops[i].Request = &requests[i]
	}
	return &pb.TxnRequest{Compare: pass.conditions(), Success: ops}
}

func (w *writer) halves(ctx context.Context, changes []change) error {
	middle := len(changes) / 2
	if err := w.apply(ctx, changes[:middle]); err != nil {
		return err
	}
	return w.apply(ctx, changes[middle:])
}

// alone writes one key with a plain put, as etcdctl does, if a transaction with it is
// too large. A put is slightly smaller than such a transaction. For a deletion, alone
// returns tooLarge.
func (w *writer) alone(ctx context.Context, c change, tooLarge error) error {
	if c.deleted {
		return tooLarge
	}
	for {
		attempt, cancel := context.WithTimeout(ctx, w.timeout)
		_, err := w.client.Put(attempt, string(c.key), string(c.value))
		cancel()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			w.outage.over()
			w.count.Add(1)
			return nil
		case !passes(err):
			return w.refused(err, []change{c})
		}
		if err := w.outage.wait(ctx, err); err != nil {
			return err
		}
	}
}

// refused adds to an error of the destination which key or limit it is about.
func (w *writer) refused(err error, changes []change) error {
	err = w.client.Explain(context.Background(), err)
	switch {
	case isTooLarge(err) && len(changes) == 1:
		return fmt.Errorf("%w: the key %q has %d bytes with its value, more than the destination takes (etcd's --max-request-bytes, and this command's)",
			err, changes[0].key, len(changes[0].key)+len(changes[0].value))
	case errors.Is(err, rpctypes.ErrEmptyKey):
		return fmt.Errorf("%w: nothing is left of the key %q without its prefix", err, w.from)
	case errors.Is(err, rpctypes.ErrNoSpace):
		return fmt.Errorf("%w; all of this is about the destination", err)
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		return fmt.Errorf("%w: at the destination, for one of the keys from %q to %q", err, changes[0].key, changes[len(changes)-1].key)
	}
	return err
}

// maxRefusals limits the retries of a transaction after permission errors. A client logs
// in again after its login expired. After a change of users, etcd 3.5 can deny any
// request for 100 ms.
const maxRefusals = 4

func isRefusal(err error) bool { return retry.Is(err, retry.Denied|retry.UnknownToken) }

func isTooLarge(err error) bool {
	return errors.Is(err, rpctypes.ErrRequestTooLarge) ||
		status.Code(err) == codes.ResourceExhausted && strings.Contains(err.Error(), "larger than max")
}

// lower reduces a limit after the destination refused a larger transaction.
func lower(bound *atomic.Int64, to int) {
	for {
		before := bound.Load()
		if before > 0 && before <= int64(to) || bound.CompareAndSwap(before, int64(max(to, 1))) {
			return
		}
	}
}

func sizeOf(changes []change) int {
	size := 0
	for _, c := range changes {
		size += c.size()
	}
	return size
}
