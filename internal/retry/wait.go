package retry

import (
	"context"
	"time"
)

// Wait waits for the pause. If ctx ends first, it returns the cause; otherwise it
// returns nil.
func Wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// Every calls f at once, and then after each interval. It returns the first error of f, or
// the cause of ctx.
func Every(ctx context.Context, interval time.Duration, f func(context.Context) error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := f(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// Backoff computes the pauses between attempts. Each pause is twice as long as the
// previous one, up to Max.
type Backoff struct {
	Min time.Duration
	Max time.Duration // 0: all pauses are Min

	pauses int
}

// Next returns the next pause.
func (b *Backoff) Next() time.Duration {
	b.pauses++
	return b.After(b.pauses - 1)
}

// Reset makes the next pause the shortest one.
func (b *Backoff) Reset() { b.pauses = 0 }

// Limit makes the next pause no longer than the pause after n others.
func (b *Backoff) Limit(n int) { b.pauses = min(b.pauses, n) }

// After returns the pause that follows n others.
func (b *Backoff) After(n int) time.Duration {
	maxPause := max(b.Min, b.Max)
	pause := b.Min
	for range n {
		if pause *= 2; pause >= maxPause {
			return maxPause
		}
	}
	return pause
}

// Policy describes which errors are retried, after which pauses and for how long.
type Policy struct {
	Backoff

	// Again reports whether an error may be retried.
	Again func(err error) bool

	// For limits the retries. A failure later than this after the first one is not
	// retried. 0 means no limit.
	For time.Duration
}

// Do makes attempts until one succeeds, the policy allows no retry, or ctx ends. It
// returns the result and the error of the last attempt.
func Do[R any](ctx context.Context, policy Policy, attempt func(context.Context) (R, error)) (R, error) {
	var failed time.Time // time of the first failure, zero before it
	for {
		result, err := attempt(ctx)
		if err == nil || !policy.Again(err) {
			return result, err
		}
		if failed.IsZero() {
			failed = time.Now()
		}
		if policy.For > 0 && time.Since(failed) > policy.For {
			return result, err
		}
		if Wait(ctx, policy.Next()) != nil {
			return result, err
		}
	}
}
