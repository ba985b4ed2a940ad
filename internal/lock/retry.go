package lock

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/etcd"
)

// A member may accept a request and never answer it, being stopped or cut off
// from the others. Each further attempt goes to another member.
const (
	attemptTimeout = 2 * time.Second
	attemptPause   = 100 * time.Millisecond
)

// retry repeats a request that does no harm when it is made twice, until it is
// answered, fails for a reason that does not pass, or ctx ends.
func retry[R any](ctx context.Context, request func(context.Context) (R, error)) (R, error) {
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		response, err := request(attempt)
		timedOut := attempt.Err() != nil
		cancel()
		switch {
		case err == nil:
			return response, nil
		case !etcd.Doubtful(err) && !etcd.Passes(err): // that is the answer, even if it comes late
			return response, err
		case ctx.Err() != nil:
			return response, context.Cause(ctx)
		case !timedOut && !etcd.Passes(err):
			return response, err
		}
		select {
		case <-ctx.Done():
			return response, context.Cause(ctx)
		case <-time.After(attemptPause):
		}
	}
}
