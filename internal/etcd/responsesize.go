package etcd

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
)

// ErrTooLarge is the error of a request whose response is larger than its
// context accepts, see AcceptAtMost.
var ErrTooLarge = errors.New("the response is larger than was asked for")

type maxResponseKey struct{}

// AcceptAtMost returns a context for requests that accept responses, and
// messages of a stream, of at most n bytes. A larger one is refused by its
// announced length, before it is read, with ErrTooLarge. Where the user allows
// less than n, the user's bound holds, with gRPC's error.
func AcceptAtMost(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, maxResponseKey{}, n)
}

// responseBound keeps what AcceptAtMost says. Its value is the bound of all
// responses, 0 for none.
type responseBound int

func (users responseBound) of(ctx context.Context) (n int, bound bool) {
	n, bound = ctx.Value(maxResponseKey{}).(int)
	return n, bound && (users <= 0 || int(users) > n)
}

func (users responseBound) unary(ctx context.Context, method string, request, response any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	n, bound := users.of(ctx)
	if !bound {
		return invoke(ctx, method, request, response, cc, options...)
	}
	// The last one of these options holds.
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

// tooLargeOr returns ErrTooLarge where err says so, else err. The server has
// errors of the same code, only the text tells them apart.
func tooLargeOr(err error) error {
	if status.Code(err) == codes.ResourceExhausted && diagnose.IsTooLarge(status.Convert(err).Message()) {
		return ErrTooLarge
	}
	return err
}
