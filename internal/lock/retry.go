package lock

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
)

// A member may accept a request and never answer it, because it was stopped or cut off
// from the others. Each further attempt goes to another member.
const (
	attemptTimeout = 2 * time.Second
	attemptPause   = 100 * time.Millisecond
)

// repeat repeats an idempotent request until it is answered or fails permanently. If ctx
// ends first, repeat returns the cause. Attempts without an answer count for the outage.
func repeat[R any](ctx context.Context, o *outage.Outage, request func(context.Context) (R, error)) (R, error) {
	unanswered := func(err error) bool { return retry.OutcomeUnknown(err) || retry.IsTransient(err) }
	timedOut := false
	policy := retry.Policy{
		Backoff: retry.Backoff{Min: attemptPause},
		Again:   func(err error) bool { return retry.IsTransient(err) || timedOut && retry.OutcomeUnknown(err) },
	}
	response, err := retry.Do(ctx, policy, func(ctx context.Context) (response R, err error) {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		defer cancel()
		err = o.Attempt(func() (err error) {
			response, err = request(attempt)
			return err
		}, unanswered)
		timedOut = attempt.Err() != nil
		return response, err
	})
	if err != nil && ctx.Err() != nil && unanswered(err) {
		err = context.Cause(ctx)
	}
	return response, err
}
