package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
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
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// dishonestServer stands between a client and a real etcd server. It changes
// the server's responses by one lie at a time, those of streams included.
type dishonestServer struct {
	endpoint string // HOST:PORT, what MemberList names for all members
	secure   string // the same with TLS, which asks for client certificates, after serveTLS
	server   *grpc.Server

	// canned are responses that the real server is not asked for, because it
	// would not be the same afterwards. By full method.
	canned map[string]proto.Message

	mu       sync.Mutex
	back     *grpc.ClientConn
	lie      *lie
	calls    map[string]int           // responses so far, by full method
	first    map[string]proto.Message // the first response, by full method
	all      map[string][]proto.Message
	requests int  // messages of the client
	open     int  // connections
	mostOpen int  // at the same time
	told     bool // a response was changed
}

// newDishonestServer starts one. It ends with the test.
func newDishonestServer(t testing.TB) *dishonestServer {
	t.Helper()
	d := &dishonestServer{}
	d.server = grpc.NewServer(
		grpc.ForceServerCodec(bytesCodec{}),
		grpc.UnknownServiceHandler(d.serve),
		// etcd's own clients ask more often than gRPC likes.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	front := newPagesListener(d.listen(t))
	d.endpoint = front.Addr().String()
	go d.server.Serve(front)
	pages := &http.Server{Handler: http.HandlerFunc(d.metrics), ReadHeaderTimeout: tooLong}
	go pages.Serve(front.pages)
	t.Cleanup(func() {
		d.server.Stop()
		pages.Close()
	})
	return d
}

func (d *dishonestServer) listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return countedListener{listener, d}
}

// serveTLS has the server speak TLS at one more endpoint, with a certificate of
// the authority.
func (d *dishonestServer) serveTLS(t testing.TB, authority *testpki.Authority) {
	t.Helper()
	pair, err := authority.Server(filepath.Join(t.TempDir(), "server"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	listener := d.listen(t)
	d.secure = listener.Addr().String()
	go d.server.Serve(tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequestClientCert, NextProtos: []string{"h2"},
	}))
}

// countedListener counts the connections that are open.
type countedListener struct {
	net.Listener
	of *dishonestServer
}

func (l countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.of.connections(1)
	}
	return &countedConn{Conn: conn, of: l.of}, err
}

type countedConn struct {
	net.Conn
	of     *dishonestServer
	closed sync.Once
}

func (c *countedConn) Close() error {
	c.closed.Do(func() { c.of.connections(-1) })
	return c.Conn.Close()
}

func (d *dishonestServer) connections(more int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open += more
	d.mostOpen = max(d.mostOpen, d.open)
}

// dialBack connects to the real server at an endpoint.
func dialBack(t testing.TB, endpoint string) *grpc.ClientConn {
	t.Helper()
	const large = 1 << 30
	back, err := grpc.NewClient(strings.TrimPrefix(endpoint, "http://"),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(large)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { back.Close() })
	return back
}

// begin makes the server one in front of back that tells a lie from now on, or
// with nil the truth.
func (d *dishonestServer) begin(back *grpc.ClientConn, l *lie, canned map[string]proto.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.back, d.lie, d.canned = back, l, canned
	d.calls, d.first, d.requests, d.told = map[string]int{}, map[string]proto.Message{}, 0, false
	d.mostOpen = d.open
	d.all = nil
	if l == nil {
		d.all = map[string][]proto.Message{}
	}
}

// report is what has happened since begin.
type report struct {
	calls    map[string]int
	honest   map[string][]proto.Message // responses, if no lie was to be told
	requests int
	told     bool
	mostOpen int
}

func (d *dishonestServer) report() report {
	d.mu.Lock()
	defer d.mu.Unlock()
	return report{maps.Clone(d.calls), d.all, d.requests, d.told, d.mostOpen}
}

// methodOf finds an RPC by its full name, "/package.Service/Method".
func methodOf(full string) (protoreflect.MethodDescriptor, error) {
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

func (d *dishonestServer) serve(_ any, front grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(front)
	method, err := methodOf(full)
	if err != nil {
		return status.Error(codes.Unimplemented, err.Error())
	}
	d.mu.Lock()
	back, canned := d.back, d.canned[full]
	d.mu.Unlock()
	if canned != nil {
		var request []byte
		if err := front.RecvMsg(&request); err != nil {
			return err
		}
		d.count()
		b, err := proto.Marshal(canned)
		if err != nil {
			return err
		}
		return d.pass(front, full, method, b)
	}
	ctx, cancel := context.WithCancel(front.Context())
	defer cancel()
	if sent, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, sent)
	}
	behind, err := back.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, full, grpc.ForceCodec(bytesCodec{}))
	if err != nil {
		return err
	}
	go func() {
		for {
			var request []byte
			if err := front.RecvMsg(&request); err != nil {
				_ = behind.CloseSend()
				return
			}
			d.count()
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
		if err := d.pass(front, full, method, answer); errors.Is(err, errEndsHere) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (d *dishonestServer) count() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests++
}

// errEndsHere ends a stream without an error.
var errEndsHere = errors.New("the stream ends")

// pass passes a response on to the client, after the lie.
func (d *dishonestServer) pass(front grpc.ServerStream, full string, method protoreflect.MethodDescriptor, answer []byte) error {
	message := dynamicpb.NewMessage(method.Output())
	if err := proto.Unmarshal(answer, message); err != nil {
		return err
	}
	d.renameMembers(message)
	d.mu.Lock()
	d.calls[full]++
	if d.first[full] == nil {
		d.first[full] = proto.Clone(message)
	}
	if d.all != nil {
		d.all[full] = append(d.all[full], proto.Clone(message))
	}
	l, first := d.lie, d.first[full]
	applies := l != nil && l.method == full && d.calls[full] >= l.from
	d.mu.Unlock()
	how := sent{times: 1}
	var before proto.Message
	if applies {
		before = proto.Clone(message)
		how = l.tell(message, first)
	}
	// In the order of the fields, as etcd's own messages are.
	changed, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return err
	}
	if applies && (how != sent{times: 1} || !proto.Equal(before, message)) {
		d.mu.Lock()
		d.told = true
		d.mu.Unlock()
	}
	for i := 0; how.times == withoutEnd || i < how.times; i++ {
		if err := front.SendMsg(&changed); err != nil {
			return err
		}
	}
	if how.ends {
		return errEndsHere
	}
	return nil
}

// renameMembers makes all members of a MemberListResponse reachable through the
// dishonest server alone.
func (d *dishonestServer) renameMembers(message protoreflect.Message) {
	members := message.Descriptor().Fields().ByName("members")
	if members == nil || !members.IsList() || members.Message() == nil {
		return
	}
	list := message.Get(members).List()
	for i := range list.Len() {
		urls := members.Message().Fields().ByName("clientURLs")
		if urls == nil {
			return
		}
		of := list.Get(i).Message().Mutable(urls).List()
		for j := range of.Len() {
			of.Set(j, protoreflect.ValueOfString("http://"+d.endpoint))
		}
	}
}
