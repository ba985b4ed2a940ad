package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// rpcProxy stands between a client and an etcd server and sees each request
// with one answer by itself.
type rpcProxy struct {
	// handle is called for each request. forward sends it to the server and
	// waits for the answer, which the client gets when handle returns without
	// an error. number counts the requests that change users or roles, from 1;
	// it is 0 for others.
	handle func(ctx context.Context, number int64, method string, forward func() error) error

	endpoint string // HOST:PORT
	changes  atomic.Int64
}

// newRPCProxy starts a proxy to the endpoint. It ends with the test.
func newRPCProxy(t *testing.T, endpoint string) *rpcProxy {
	t.Helper()
	p := &rpcProxy{}
	p.handle = func(_ context.Context, _ int64, _ string, forward func() error) error { return forward() }
	p.endpoint = proxyUnary(t, endpoint, p.pass)
	return p
}

func (p *rpcProxy) pass(ctx context.Context, method string, forward func(context.Context) error) error {
	var number int64
	if changesAccess(method) {
		number = p.changes.Add(1)
	}
	return p.handle(ctx, number, method, func() error { return forward(ctx) })
}

// proxyUnary starts a server that has handle see each request to the endpoint,
// HOST:PORT or http://HOST:PORT, and returns the server's HOST:PORT. The client
// gets the answer to what was forwarded, or the error of handle. It ends with
// the test.
func proxyUnary(t *testing.T, endpoint string, handle func(ctx context.Context, method string, forward func(context.Context) error) error) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	back, err := grpc.NewClient(strings.TrimPrefix(endpoint, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(
		grpc.ForceServerCodec(bytesCodec{}),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			method, _ := grpc.MethodFromServerStream(stream)
			var request, answer []byte
			if err := stream.RecvMsg(&request); err != nil {
				return err
			}
			ctx := stream.Context()
			if sent, ok := metadata.FromIncomingContext(ctx); ok {
				ctx = metadata.NewOutgoingContext(ctx, sent)
			}
			if err := handle(ctx, method, func(ctx context.Context) error {
				return back.Invoke(ctx, method, &request, &answer, grpc.ForceCodec(bytesCodec{}))
			}); err != nil {
				return err
			}
			return stream.SendMsg(&answer)
		}),
		// etcd's own clients ask more often than gRPC likes.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	go server.Serve(listener)
	t.Cleanup(func() {
		server.Stop()
		back.Close()
	})
	return listener.Addr().String()
}

// changesAccess says whether the method changes users or roles.
func changesAccess(method string) bool {
	name, isAuth := strings.CutPrefix(method, "/etcdserverpb.Auth/")
	return isAuth && (strings.HasPrefix(name, "User") || strings.HasPrefix(name, "Role")) && !strings.HasSuffix(name, "Get") && !strings.HasSuffix(name, "List")
}

// bytesCodec passes messages on as they are.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) ([]byte, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is not bytes", v)
	}
	return *b, nil
}

func (bytesCodec) Unmarshal(data []byte, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is not bytes", v)
	}
	*b = append([]byte(nil), data...)
	return nil
}
