package crash

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Group runs functions as errgroup.Group does, but in guarded goroutines.
type Group struct{ group *errgroup.Group }

// Unlimited is the limit of a group that runs any number of functions at once.
const Unlimited = -1

// NewGroup returns a group that runs at most limit functions at once. It also returns a
// context for them, which is cancelled by the first error or when Wait returns.
func NewGroup(ctx context.Context, limit int) (*Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	return &Group{group}, ctx
}

// Start runs f in a goroutine. If the group has reached its limit, Start waits until
// another function returns.
func (g *Group) Start(f func() error) {
	g.group.Go(func() error {
		defer Guard()
		return f()
	})
}

// Wait waits for all functions and returns the first error.
func (g *Group) Wait() error { return g.group.Wait() }
