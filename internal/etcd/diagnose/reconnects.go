package diagnose

import (
	"context"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/retry"
)

// gRPC waits longer and longer before it connects to a server that does not let
// it. To one that does, and ends the connection at once, it connects again
// without a pause: a proxy whose servers have gone would get thousands of
// connections a second. So connections that end early are counted here.
const earlyEnd = time.Second // a connection that lasted longer is not counted

// pauseAfter returns the pause before a connection that follows so many early ones.
func pauseAfter(early int) time.Duration {
	return (&retry.Backoff{Min: 50 * time.Millisecond, Max: 1600 * time.Millisecond}).After(early)
}

// reconnects knows the last connection to each address.
type reconnects struct {
	mu   sync.Mutex
	last map[string]connection
}

type connection struct {
	begun time.Time
	early int // connections before it that ended early, one right after the other
}

// pause waits before a connection to an address is used, if the last ones to it
// ended early.
func (r *reconnects) pause(ctx context.Context, address string) error {
	r.mu.Lock()
	c := r.last[address]
	if time.Since(c.begun) > earlyEnd {
		r.mu.Unlock()
		return nil
	}
	r.mu.Unlock()
	return retry.Wait(ctx, pauseAfter(c.early))
}

// begin notes that there is a connection to an address.
func (r *reconnects) begin(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[string]connection{}
	}
	now, early := time.Now(), 0
	if c := r.last[address]; now.Sub(c.begun) <= earlyEnd+pauseAfter(c.early) {
		early = c.early + 1
	}
	r.last[address] = connection{now, early}
}
