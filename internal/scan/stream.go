package scan

import (
	"context"
	"errors"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
)

// maxBarren is how many streams in a row may break without any result. A proxy between
// client and server may not support streams.
const maxBarren = 3

// errNoStreams reports that the range cannot be read as a stream.
var errNoStreams = errors.New("no RangeStream")

// streamed reads the rest of the range as a RangeStream. If a stream breaks, another one
// continues after the last key, at the same revision. It returns errNoStreams if the rest
// must be read in pages.
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
		// The server may only be restarting, or lag behind. The result of a unary request
		// within the timeout decides.
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

// broken are the errors after which a new stream may continue. Either the connection, the
// member or the leader is gone or does not answer. Or a member lags behind the pinned
// revision. Or users or roles were changed, which the server reports to a stream only at
// its end.
const broken = retry.Transient | retry.TimedOut | retry.Behind | retry.StaleToken | retry.UnknownToken

func (r *reader) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The timer runs while the server is waited for, not while the sink writes.
	timer := time.AfterFunc(r.q.Timeout, crash.Guarded(func() { cancel(context.DeadlineExceeded) }))
	defer timer.Stop()
	// The server also plans its blocks by the sizes so far, so a block may be too large.
	// Pages can be requested again with fewer keys.
	blocks, err := r.kv.GetStream(etcd.AcceptAtMost(ctx, maxBlockBytes), r.next, r.options(r.q.End, r.left(), r.q.Serializable)...)
	if err != nil {
		return timeoutOr(ctx, err)
	}
	defer func() { // the client's sender ends only after all its blocks were received
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

// timeoutOr returns context.DeadlineExceeded if ctx ended with it, otherwise err. The
// client itself reports only that its context was cancelled.
func timeoutOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return err
}
