// Package lookup looks things up in the background, and uses what it has found again for a
// while.
package lookup

import (
	"context"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
)

// Cache looks up values by their keys, one at a time.
type Cache[V any] struct {
	// Find looks a value up. It returns soon after its context ends.
	Find func(ctx context.Context, key string) V

	// Found is called after a value was found that Get did not wait for.
	Found func()

	// Lives is the time for which a value is used again.
	Lives time.Duration

	mu      sync.Mutex
	values  map[string]value[V]
	running *run
}

type value[V any] struct {
	found V
	since time.Time
}

// run is a lookup that is under way.
type run struct {
	key    string
	cancel context.CancelFunc
	done   chan struct{}
}

// Get returns the value for a key. It waits for it at most for the time patience. Then ok
// is false, and the lookup goes on, unless another key is looked up.
func (c *Cache[V]) Get(ctx context.Context, key string, patience time.Duration) (found V, ok bool) {
	c.mu.Lock()
	if v, known := c.values[key]; known && time.Since(v.since) < c.Lives {
		defer c.mu.Unlock()
		return v.found, true
	}
	this := c.running
	if this == nil || this.key != key {
		this = c.start(ctx, key, this)
	}
	c.mu.Unlock()
	select {
	case <-this.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		v, known := c.values[key]
		return v.found, known
	case <-time.After(patience):
		return found, false
	}
}

// start begins a lookup, after the one before has ended. c.mu is locked.
func (c *Cache[V]) start(ctx context.Context, key string, before *run) *run {
	ctx, cancel := context.WithCancel(ctx)
	this := &run{key: key, cancel: cancel, done: make(chan struct{})}
	c.running = this
	if before != nil {
		before.cancel()
	}
	crash.Go(func() {
		defer close(this.done)
		if before != nil {
			<-before.done
		}
		defer cancel()
		if ctx.Err() != nil {
			return
		}
		v := c.Find(ctx, key)
		c.mu.Lock()
		if ctx.Err() == nil {
			if c.values == nil {
				c.values = map[string]value[V]{}
			}
			c.values[key] = value[V]{v, time.Now()}
		}
		if c.running == this {
			c.running = nil
		}
		c.mu.Unlock()
		if c.Found != nil {
			c.Found()
		}
	})
	return this
}

// Stop cancels the lookup that is under way, and waits for its end.
func (c *Cache[V]) Stop() {
	c.mu.Lock()
	this := c.running
	c.running = nil
	c.mu.Unlock()
	if this != nil {
		this.cancel()
		<-this.done
	}
}

// Forget makes the cache look up everything again.
func (c *Cache[V]) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values = nil
}
