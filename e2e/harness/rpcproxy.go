package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// RPCProxy forwards RPCs to an etcd server, and lets a test handle each of them.
type RPCProxy struct {
	// Address has the form HOST:PORT.
	Address string

	// Handle is called for each RPC. It may forward the RPC. The client receives its
	// error. If Handle is nil, all RPCs are forwarded. It may be replaced only while no
	// client is connected.
	Handle func(ctx context.Context, rpc *RPC) error

	server *grpc.Server

	mu        sync.Mutex
	target    *grpc.ClientConn
	calls     map[string]int // by RPC.Method
	requests  []string
	changes   int
	due       chan struct{} // closed by DeliverLate
	delivered sync.WaitGroup
}

// RPC is one RPC of a client. For a single request and response, the proxy receives the
// request before it calls the handler. It sends the response after the handler returns.
type RPC struct {
	FullMethod string // for example "/etcdserverpb.Auth/RoleAdd"
	Method     string // for example "RoleAdd"
	// Nth counts the RPCs of this method, from 1.
	Nth int
	// Change counts the RPCs that change users or roles, from 1. It is 0 for others.
	Change int

	front   grpc.ServerStream
	target  *grpc.ClientConn
	streams bool
	request *[]byte // already received, not yet returned by Receive
	answer  *[]byte // response to send after the handler returns
}

// NewRPCProxy starts a proxy to an endpoint, HOST:PORT or http://HOST:PORT. The proxy
// stops when the test ends.
func NewRPCProxy(t testing.TB, endpoint string) *RPCProxy {
	t.Helper()
	p := NewRPCServer(t)
	p.SetTarget(DialServer(t, endpoint))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.Serve(listener)
	return p
}

// NewRPCServer returns a proxy that does not listen yet. Without a target, RPCs fail
// unless Handle answers them. The proxy stops when the test ends.
func NewRPCServer(t testing.TB) *RPCProxy {
	t.Helper()
	p := &RPCProxy{calls: map[string]int{}, due: make(chan struct{})}
	p.server = grpc.NewServer(
		grpc.ForceServerCodec(bytesCodec{}),
		grpc.UnknownServiceHandler(p.serve),
		// etcd's own clients send pings more often than gRPC allows by default.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	t.Cleanup(p.server.Stop)
	return p
}

// DialServer connects to a server without TLS. The connection is closed when the test
// ends.
func DialServer(t testing.TB, endpoint string) *grpc.ClientConn {
	t.Helper()
	const large = 1 << 30
	conn, err := grpc.NewClient(strings.TrimPrefix(endpoint, "http://"),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(large)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Serve accepts connections of another listener. The address of the first listener
// becomes Address.
func (p *RPCProxy) Serve(listener net.Listener) {
	if p.Address == "" {
		p.Address = listener.Addr().String()
	}
	go func() { _ = p.server.Serve(listener) }()
}

// URL returns the URL of the proxy, http://HOST:PORT.
func (p *RPCProxy) URL() string { return "http://" + p.Address }

// SetTarget forwards later RPCs to another server.
func (p *RPCProxy) SetTarget(target *grpc.ClientConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Requests returns the methods of all RPCs so far, in order.
func (p *RPCProxy) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Changes returns the number of RPCs so far that change users or roles.
func (p *RPCProxy) Changes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes
}

// ForgetChanges resets the count of changes, so that RPC.Change starts at 1 again.
func (p *RPCProxy) ForgetChanges() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes = 0
}

func (p *RPCProxy) serve(_ any, front grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(front)
	rpc := &RPC{FullMethod: full, Method: path.Base(full), front: front, streams: streams(full)}
	if !rpc.streams {
		request, err := rpc.Receive()
		if err != nil {
			return err
		}
		rpc.request = &request
	}
	p.mu.Lock()
	p.calls[rpc.Method]++
	p.requests = append(p.requests, rpc.Method)
	rpc.Nth, rpc.target = p.calls[rpc.Method], p.target
	if ChangesAccess(full) {
		p.changes++
		rpc.Change = p.changes
	}
	handle := p.Handle
	p.mu.Unlock()
	ctx := front.Context()
	if sent, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, sent)
	}
	if handle == nil && rpc.target == nil {
		return status.Error(codes.Unimplemented, "this server knows no "+full)
	}
	if handle == nil {
		handle = func(ctx context.Context, rpc *RPC) error { return rpc.Forward(ctx) }
	}
	if err := handle(ctx, rpc); err != nil || rpc.answer == nil {
		return err
	}
	return rpc.Send(*rpc.answer)
}

// Forward sends the RPC to the server and waits until it ends. The client receives the
// messages of a stream immediately. It receives a single response after the handler has
// returned without an error.
func (r *RPC) Forward(ctx context.Context) error {
	if r.streams {
		return r.Relay(ctx, func() {}, r.Send)
	}
	request, err := r.Receive()
	if err != nil {
		return err
	}
	var answer []byte
	if err := r.target.Invoke(ctx, r.FullMethod, &request, &answer, grpc.ForceCodec(bytesCodec{})); err != nil {
		return err
	}
	r.answer = &answer
	return nil
}

// Relay sends all messages of the client to the server, and passes the messages of the
// server to response. An error of response ends the RPC. Relay calls sent for each
// message of the client.
func (r *RPC) Relay(ctx context.Context, sent func(), response func(message []byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	behind, err := r.target.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, r.FullMethod, grpc.ForceCodec(bytesCodec{}))
	if err != nil {
		return err
	}
	go func() {
		for {
			request, err := r.Receive()
			if err != nil {
				_ = behind.CloseSend()
				return
			}
			sent()
			if behind.SendMsg(&request) != nil {
				return
			}
		}
	}()
	for {
		var answer []byte
		if err := behind.RecvMsg(&answer); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := response(answer); err != nil {
			return err
		}
	}
}

// Receive returns the next message of the client.
func (r *RPC) Receive() ([]byte, error) {
	if r.request != nil {
		request := *r.request
		r.request = nil
		return request, nil
	}
	var request []byte
	err := r.front.RecvMsg(&request)
	return request, err
}

// Send sends a message to the client.
func (r *RPC) Send(message []byte) error { return r.front.SendMsg(&message) }

// ChangesAccess reports whether a method changes users or roles.
func ChangesAccess(fullMethod string) bool {
	name, isAuth := strings.CutPrefix(fullMethod, "/etcdserverpb.Auth/")
	return isAuth && (strings.HasPrefix(name, "User") || strings.HasPrefix(name, "Role")) && !strings.HasSuffix(name, "Get") && !strings.HasSuffix(name, "List")
}

// MethodOf returns the method of etcd's API with a full name,
// "/package.Service/Method". It returns an error if there is no such method.
func MethodOf(full string) (protoreflect.MethodDescriptor, error) {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(full, "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil, err
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, errors.New(full + " is no method")
	}
	return method, nil
}

// streams reports whether a method has more than one request or response.
func streams(full string) bool {
	method, err := MethodOf(full)
	return err == nil && (method.IsStreamingClient() || method.IsStreamingServer())
}

// bytesCodec passes messages unchanged.
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
