package diagnose

import (
	"context"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/retry"
)

// gRPC waits longer and longer before it reconnects to a server that refuses
// connections. If a server accepts a connection and closes it immediately, gRPC
// reconnects without a pause. A proxy without servers would then get thousands of
// connections per second. So this file counts connections that end early.
const earlyEnd = time.Second // longer connections are not counted

// pauseAfter returns the pause before a connection that follows early connections which
// ended early.
func pauseAfter(early int) time.Duration {
	return (&retry.Backoff{Min: 50 * time.Millisecond, Max: 1600 * time.Millisecond}).After(early)
}

// reconnects records the last connection to each address.
type reconnects struct {
	mu   sync.Mutex
	last map[string]connection
}

type connection struct {
	begun time.Time
	early int // number of consecutive earlier connections that ended early
}

// pause waits before a connection to an address is used, if the last connections to it
// ended early. It returns the cause if ctx ends first.
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

// begin records a new connection to an address.
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
