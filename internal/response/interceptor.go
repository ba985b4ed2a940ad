package response

import (
	"context"
	"errors"
	"io"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Unary intercepts a client's requests and checks their responses. A response that does
// not fit becomes an *Error.
func Unary(ctx context.Context, method string, request, response any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if err := invoke(ctx, method, request, response, cc, options...); err != nil {
		return err
	}
	q, isMessage := request.(proto.Message)
	r, ok := response.(proto.Message)
	if !isMessage || !ok {
		return nil
	}
	return Check(q, r)
}

// Stream intercepts a client's streams and checks their responses. It does not check
// messages that the reader decodes by itself (package wire).
func Stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, cc, method, options...)
	if err != nil {
		return nil, err
	}
	return &checked{ClientStream: stream}, nil
}

// checked checks the responses of a stream.
type checked struct {
	grpc.ClientStream

	mu      sync.Mutex // different goroutines send and receive
	request proto.Message
	watches watches
	listing *rangeStream
}

// SendMsg implements grpc.ClientStream.
func (c *checked) SendMsg(message any) error {
	c.mu.Lock()
	switch q := message.(type) {
	case *pb.WatchRequest:
		c.watches.sent(q)
	case *pb.RangeRequest:
		c.listing = newRangeStream(q)
	case *pb.LeaseKeepAliveRequest:
		c.request = q
	}
	c.mu.Unlock()
	return c.ClientStream.SendMsg(message)
}

// RecvMsg implements grpc.ClientStream.
func (c *checked) RecvMsg(message any) error {
	err := c.ClientStream.RecvMsg(message)
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(err, io.EOF) && c.listing != nil {
		if fault := c.listing.end(); fault != nil {
			return fault
		}
	}
	if err != nil {
		return err
	}
	switch r := message.(type) {
	case *pb.WatchResponse:
		return c.watches.next(r)
	case *pb.RangeStreamResponse:
		if c.listing != nil {
			return c.listing.next(r.GetRangeResponse())
		}
	case *pb.LeaseKeepAliveResponse:
		return checkKeepAlive(c.request, r)
	}
	return nil
}
