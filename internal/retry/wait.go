package retry

import (
	"context"
	"time"
)

// Wait waits, unless ctx ends before. It returns the cause of that end.
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

// Backoff are the pauses before further attempts. Each is twice as long as the one
// before it, up to Max.
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

// Reset begins with the shortest pause again.
func (b *Backoff) Reset() { b.pauses = 0 }

// Limit makes the next pause at most that after n others.
func (b *Backoff) Limit(n int) { b.pauses = min(b.pauses, n) }

// After returns the pause after n others.
func (b *Backoff) After(n int) time.Duration {
	longest := max(b.Min, b.Max)
	pause := b.Min
	for range n {
		if pause *= 2; pause >= longest {
			return longest
		}
	}
	return pause
}

// Policy is how often and for which reasons something is tried again.
type Policy struct {
	Backoff

	// Again says whether there may be another attempt after an error.
	Again func(err error) bool

	// For bounds the attempts: how long after the first failure there may be others. 0
	// is any time.
	For time.Duration
}

// Do makes attempts until one succeeds, or fails with an error after which the policy
// allows no other, or ctx ends. It returns what the last attempt has returned.
func Do[R any](ctx context.Context, policy Policy, attempt func(context.Context) (R, error)) (R, error) {
	var failed time.Time // zero: no attempt has
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
