package etcd

import (
	"context"
	"math"

	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/internal/watch/stream"
)

// StreamOptions are the options of a stream on the client's connection that is
// read without the client library: with its limit of the size of messages. Like
// every stream of the client it logs in anew.
func (c *Client) StreamOptions() []grpc.CallOption {
	most := c.trace.config.MaxCallRecvMsgSize
	if most <= 0 {
		most = math.MaxInt32 // as the client library
	}
	return []grpc.CallOption{grpc.MaxCallRecvMsgSize(most)}
}

// Events begins to read events.
func (c *Client) Events(ctx context.Context, q stream.Query) (stream.Source, error) {
	return stream.Open(ctx, c.ActiveConnection(), q, c.StreamOptions()...)
}
