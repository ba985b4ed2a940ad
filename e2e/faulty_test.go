package e2e

import (
	"context"
	"net"
	"net/url"
	"path"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// fault is what happens to one request on its way through a faulty endpoint.
type fault int

const (
	passes      fault = iota
	isLost            // it never reaches the server, and the connection breaks
	isUnheard         // the server does it, and the connection breaks before the answer
	isRefused         // somebody answers that it is denied
	isSwallowed       // the server does it, and the answer never comes
	isLate            // it reaches the server only when deliver is called, whoever still waits
)

// faulty is an endpoint in front of a server that does something to some of
// the requests, all of which are unary.
type faulty struct {
	url string

	mu     sync.Mutex
	faults func(method string, nth int) fault
	seen   map[string]int
	names  []string

	due       chan struct{} // closed when late requests are to be delivered
	delivered sync.WaitGroup
}

// newFaulty starts one. faults decides by the name of the RPC, as in
// "RoleAdd", and how often it was called before, from 1.
func newFaulty(t *testing.T, endpoint string, faults func(method string, nth int) fault) *faulty {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	back, err := grpc.NewClient(target.Host, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{url: "http://" + listener.Addr().String(), faults: faults, seen: map[string]int{}, due: make(chan struct{})}
	server := grpc.NewServer(grpc.ForceServerCodecV2(asIs{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return f.forward(back, stream)
	}))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		back.Close()
	})
	return f
}

// requests are the RPCs so far, in their order.
func (f *faulty) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.names...)
}

// deliver delivers the requests that are late. It returns when the server has
// answered them.
func (f *faulty) deliver() {
	close(f.due)
	f.delivered.Wait()
}

func (f *faulty) forward(back *grpc.ClientConn, stream grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(stream)
	method := path.Base(full)
	var request, response []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	f.mu.Lock()
	f.seen[method]++
	f.names = append(f.names, method)
	decided := f.faults(method, f.seen[method])
	f.mu.Unlock()
	broken := status.Error(codes.Unavailable, "error reading from server: EOF")
	if decided == isLost {
		return broken
	}
	if decided == isRefused {
		return status.Error(codes.PermissionDenied, "etcdserver: permission denied")
	}
	ctx := stream.Context()
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, md)
	}
	if decided == isLate {
		f.delivered.Add(1)
		defer f.delivered.Done()
		<-f.due
	}
	err := back.Invoke(context.WithoutCancel(ctx), full, &request, &response, grpc.ForceCodecV2(asIs{}))
	switch {
	case decided == isUnheard:
		return broken
	case decided == isSwallowed:
		<-stream.Context().Done()
		return stream.Context().Err()
	case err != nil:
		return err
	}
	return stream.SendMsg(&response)
}

// asIs is a codec of messages that are bytes already.
type asIs struct{}

func (asIs) Name() string { return "proto" }

func (asIs) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (asIs) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = asIs{}
