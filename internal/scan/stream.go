package scan

import (
	"context"
	"errors"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
)

// maxBarren is how many streams in a row may break without having brought
// anything. What stands between client and server may know no streams.
const maxBarren = 3

// errNoStreams says that the range cannot be read as a stream.
var errNoStreams = errors.New("no RangeStream")

// streamed reads the rest of the range as a RangeStream. A stream that breaks
// is taken up again behind the last key, at the same revision. It returns
// errNoStreams where pages have to take over.
func (r *reader) streamed(ctx context.Context) error {
	for barren := 0; barren < maxBarren; {
		before := r.read
		err := r.stream(ctx)
		switch {
		case isUnimplemented(err), errors.Is(err, etcd.ErrTooLarge):
			return errNoStreams
		case err == nil || !retry.Is(err, broken):
			return err
		case r.done():
			return nil
		case r.read > before:
			barren = 0
			continue
		}
		barren++
		// The server may only be restarting, or lag behind: what its unary
		// requests say within the timeout decides.
		limit := int64(smallBlock)
		if r.q.Limit > 0 {
			limit = min(limit, r.q.Limit-r.read)
		}
		response, _, err := r.get(ctx, r.next, r.q.End, limit)
		if err != nil {
			return err
		}
		if err := r.hand(response.Kvs); err != nil {
			return sinkError{err}
		}
		if r.done() {
			return nil
		}
	}
	return errNoStreams
}

// broken are the errors after which a new stream may go on: the connection, the member
// or the leader is gone, or does not answer; a member lags behind the pinned revision;
// or users and roles were changed, of which the server tells a stream only at its end.
const broken = retry.Transient | retry.TimedOut | retry.Behind | retry.StaleToken | retry.UnknownToken

func (r *reader) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Runs while the server is waited for, not while the sink writes.
	timer := time.AfterFunc(r.q.Timeout, crash.Guarded(func() { cancel(context.DeadlineExceeded) }))
	defer timer.Stop()
	// The server plans its blocks by the sizes so far, too. Pages can be asked
	// for again with fewer keys.
	blocks, err := r.kv.GetStream(etcd.AcceptAtMost(ctx, maxBlockBytes), r.next, r.options(r.q.End, r.left(), r.q.Serializable)...)
	if err != nil {
		return timeoutOr(ctx, err)
	}
	defer func() { // the client's sender ends only when all it has is taken
		cancel(nil)
		for range blocks {
		}
	}()
	for block := range blocks {
		timer.Stop()
		if err := block.Err(); err != nil {
			return timeoutOr(ctx, err)
		}
		if header := block.GetHeader(); header != nil && header.GetClusterId() != r.cluster {
			return errCluster
		}
		if err := r.hand(block.GetKvs()); err != nil {
			return sinkError{err}
		}
		timer.Reset(r.q.Timeout)
	}
	return timeoutOr(ctx, nil)
}

// timeoutOr returns the timeout where ctx ended with it, otherwise err: the
// client only says that its context was cancelled.
func timeoutOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return err
}
