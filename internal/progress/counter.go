package progress

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Counter counts the items of a task that may take long. A terminal shows the number, see
// Waiting.
type Counter struct {
	what        string
	done, total atomic.Int64
	end         func()
}

// Count begins to count items. what describes the task, for example "Reading keys". The
// requests of the returned context belong to the task.
func Count(ctx context.Context, what string) (context.Context, *Counter) {
	c := &Counter{what: what}
	ctx, c.end = Begin(ctx, c.words)
	return ctx, c
}

// Add adds to the number of items.
func (c *Counter) Add(n int64) { c.done.Add(n) }

// SetTotal sets the number of items of the whole task. It is unknown if it is 0.
func (c *Counter) SetTotal(total int64) { c.total.Store(total) }

// End ends the task.
func (c *Counter) End() { c.end() }

func (c *Counter) words() string {
	done, total := c.done.Load(), c.total.Load()
	if total < done || total == 0 {
		return fmt.Sprintf("%s: %d", c.what, done)
	}
	const percent = 100
	return fmt.Sprintf("%s: %d of %d, %d%%", c.what, done, total, done*percent/total)
}
