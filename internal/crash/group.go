package crash

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Group runs functions in guarded goroutines, as errgroup.Group runs them in bare ones.
type Group struct{ group *errgroup.Group }

// NewGroup returns a group that runs at most limit functions at once, and a context for
// them that the first error cancels, and Wait.
func NewGroup(ctx context.Context, limit int) (*Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	return &Group{group}, ctx
}

// Start runs f in a goroutine. It waits while the group runs as many as it may.
func (g *Group) Start(f func() error) {
	g.group.Go(func() error {
		defer Guard()
		return f()
	})
}

// Wait waits for all functions, and returns the first error.
func (g *Group) Wait() error { return g.group.Wait() }
