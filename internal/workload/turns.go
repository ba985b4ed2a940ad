package workload

import (
	"context"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
)

// pacing is the interval at which Paced checks how many turns are due.
const pacing = time.Millisecond

// Paced returns a channel that delivers perSecond turns per second until ctx ends. At
// most waiting turns are buffered. Missed turns are not made up later, so that a pause
// of the cluster shows in the result.
func Paced(ctx context.Context, perSecond, waiting int) <-chan struct{} {
	turns := make(chan struct{}, waiting)
	crash.Go(func() {
		defer close(turns)
		tick := time.NewTicker(pacing)
		defer tick.Stop()
		// The maximum that may be due at once: the turns of a few late ticks, and one
		// partly due turn.
		maxDue := 1 + max(1, float64(perSecond)*(5*pacing).Seconds())
		due, last := 1.0, time.Now()
		for {
			now := time.Now()
			due = min(due+now.Sub(last).Seconds()*float64(perSecond), maxDue)
			last = now
			for ; due >= 1; due-- {
				select {
				case turns <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return turns
}

// Counted returns a channel that delivers n turns and is then closed. It is closed early
// if ctx ends.
func Counted(ctx context.Context, n int) <-chan struct{} {
	turns := make(chan struct{})
	crash.Go(func() {
		defer close(turns)
		for range n {
			select {
			case turns <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	})
	return turns
}
