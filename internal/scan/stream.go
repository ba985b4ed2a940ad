package scan

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// streamed reads the rest of the range as a RangeStream. A stream that breaks
// with its connection is taken up again behind the last key, at the same
// revision, as long as each new stream brings something.
func (r *reader) streamed(ctx context.Context) error {
	for {
		before := r.read
		err := r.stream(ctx)
		if err == nil || isSinkError(err) || !isBroken(err) {
			return err
		}
		if r.read == before {
			// The server may only be restarting: what its unary requests say
			// within the timeout decides.
			limit := int64(smallBlock)
			if left := r.left(); left > 0 {
				limit = min(limit, left)
			}
			response, err := r.get(ctx, r.next, r.q.End, limit)
			if err != nil {
				return err
			}
			if err := r.hand(response.Kvs); err != nil {
				return sinkError{err}
			}
		}
		if r.done() || r.q.Limit == 0 && r.read >= r.count {
			return nil
		}
	}
}

func isBroken(err error) bool {
	return status.Code(err) == codes.Unavailable || errors.Is(err, rpctypes.ErrNoLeader) || errors.Is(err, rpctypes.ErrLeaderChanged)
}

func (r *reader) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // also ends the stream's sender
	blocks, err := r.kv.GetStream(ctx, r.next, r.options(r.q.End, r.left())...)
	if err != nil {
		return err
	}
	timer := time.NewTimer(r.q.Timeout)
	defer timer.Stop()
	for {
		var block clientv3.RangeStreamResponse
		var open bool
		select {
		case block, open = <-blocks:
		case <-timer.C:
			return context.DeadlineExceeded
		}
		if !open {
			return nil
		}
		if err := block.Err(); err != nil {
			return err
		}
		if err := r.hand(block.GetKvs()); err != nil {
			return sinkError{err}
		}
		timer.Reset(r.q.Timeout)
	}
}
