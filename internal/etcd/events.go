package etcd

import (
	"context"
	"math"

	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/internal/events"
)

// Events begins to read events, with the client's connection, its login and
// its limit of the size of messages. Like every stream of the client it logs
// in anew.
func (c *Client) Events(ctx context.Context, q events.Query) (events.Source, error) {
	most := c.trace.config.MaxCallRecvMsgSize
	if most <= 0 {
		most = math.MaxInt32 // as the client library
	}
	return events.Open(ctx, c.ActiveConnection(), q, grpc.MaxCallRecvMsgSize(most))
}
