package lock

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
)

// A member may accept a request and never answer it, being stopped or cut off
// from the others. Each further attempt goes to another member.
const (
	attemptTimeout = 2 * time.Second
	attemptPause   = 100 * time.Millisecond
)

// repeat repeats a request that does no harm when it is made twice, until it is
// answered, fails for a reason that does not pass, or ctx ends. What has no answer
// counts for the outage.
func repeat[R any](ctx context.Context, o *outage.Outage, request func(context.Context) (R, error)) (R, error) {
	unanswered := func(err error) bool { return retry.OutcomeUnknown(err) || retry.IsTransient(err) }
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		var response R
		err := o.Attempt(func() (err error) {
			response, err = request(attempt)
			return err
		}, unanswered)
		timedOut := attempt.Err() != nil
		cancel()
		switch {
		case err == nil:
			return response, nil
		case !unanswered(err): // that is the answer, even if it comes late
			return response, err
		case ctx.Err() != nil:
			return response, context.Cause(ctx)
		case !timedOut && !retry.IsTransient(err):
			return response, err
		}
		select {
		case <-ctx.Done():
			return response, context.Cause(ctx)
		case <-time.After(attemptPause):
		}
	}
}
