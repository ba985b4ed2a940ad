package etcd

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
)

// ErrTooLarge reports that the response to a request is larger than its context accepts,
// see AcceptAtMost.
var ErrTooLarge = errors.New("the response is larger than requested")

type maxResponseKey struct{}

// AcceptAtMost returns a context for requests that accept responses, and messages of a
// stream, of at most n bytes. A larger response is refused with ErrTooLarge, by its
// announced length, before it is read. If the user's limit is lower than n, that limit
// applies.
func AcceptAtMost(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, maxResponseKey{}, n)
}

// responseBound applies the limit of AcceptAtMost. Its value is the limit of all
// responses in bytes, or 0 for no limit.
type responseBound int

func (users responseBound) of(ctx context.Context) (n int, bound bool) {
	n, bound = ctx.Value(maxResponseKey{}).(int)
	if users > 0 {
		n = min(n, int(users))
	}
	return n, bound
}

func (users responseBound) unary(ctx context.Context, method string, request, response any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	n, bound := users.of(ctx)
	if !bound {
		return invoke(ctx, method, request, response, cc, options...)
	}
	// If there are several such options, the last one applies.
	return tooLargeOr(invoke(ctx, method, request, response, cc, append(options, grpc.MaxCallRecvMsgSize(n))...))
}

func (users responseBound) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	n, bound := users.of(ctx)
	if !bound {
		return open(ctx, desc, cc, method, options...)
	}
	stream, err := open(ctx, desc, cc, method, append(options, grpc.MaxCallRecvMsgSize(n))...)
	if err != nil {
		return nil, err
	}
	return boundStream{stream}, nil
}

type boundStream struct{ grpc.ClientStream }

// RecvMsg implements grpc.ClientStream.
func (s boundStream) RecvMsg(message any) error { return tooLargeOr(s.ClientStream.RecvMsg(message)) }

// tooLargeOr returns ErrTooLarge if err reports a response that is too large, and
// otherwise err. Servers return errors with the same code, so only the text
// distinguishes them.
func tooLargeOr(err error) error {
	if status.Code(err) == codes.ResourceExhausted && diagnose.IsTooLarge(status.Convert(err).Message()) {
		return ErrTooLarge
	}
	return err
}
