package watch

import (
	"context"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// Client is the interface to a cluster that a Watch uses.
type Client interface {
	Events(ctx context.Context, q stream.Query) (stream.Source, error)
	Unreachable() error
	LogsIn() bool
}

// Of returns the Client of a cluster.
func Of(client *etcd.Client) Client { return cluster{client} }

type cluster struct{ *etcd.Client }

// Events implements Client.
func (c cluster) Events(ctx context.Context, q stream.Query) (stream.Source, error) {
	return stream.Open(ctx, c.ActiveConnection(), q, c.StreamOptions()...)
}
