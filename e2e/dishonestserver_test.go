package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// dishonestServer stands between a client and a real etcd server. It changes
// the server's responses by one lie at a time, those of streams included.
type dishonestServer struct {
	endpoint string // HOST:PORT, what MemberList names for all members
	secure   string // the same with TLS, which asks for client certificates, after serveTLS
	proxy    *harness.RPCProxy

	// canned are responses that the real server is not asked for, because it
	// would not be the same afterwards. By full method.
	canned map[string]proto.Message

	mu       sync.Mutex
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
	d.proxy = harness.NewRPCServer(t)
	d.proxy.Handle = d.serve
	front := newPagesListener(d.listen(t))
	d.endpoint = front.Addr().String()
	d.proxy.Serve(front)
	pages := &http.Server{Handler: http.HandlerFunc(d.metrics), ReadHeaderTimeout: tooLong}
	go pages.Serve(front.pages)
	t.Cleanup(func() { pages.Close() })
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
	d.proxy.Serve(tls.NewListener(listener, &tls.Config{
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

// begin makes the server one in front of back that tells a lie from now on, or
// with nil the truth.
func (d *dishonestServer) begin(back *grpc.ClientConn, l *lie, canned map[string]proto.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.proxy.SetTarget(back)
	d.lie, d.canned = l, canned
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

func (d *dishonestServer) serve(ctx context.Context, rpc *harness.RPC) error {
	method, err := harness.MethodOf(rpc.FullMethod)
	if err != nil {
		return status.Error(codes.Unimplemented, err.Error())
	}
	pass := func(answer []byte) error { return d.pass(rpc, method, answer) }
	d.mu.Lock()
	canned := d.canned[rpc.FullMethod]
	d.mu.Unlock()
	if canned == nil {
		err = rpc.Relay(ctx, d.count, pass)
	} else {
		if _, err := rpc.Receive(); err != nil {
			return err
		}
		d.count()
		var answer []byte
		if answer, err = proto.Marshal(canned); err == nil {
			err = pass(answer)
		}
	}
	if errors.Is(err, errEndsHere) {
		return nil
	}
	return err
}

func (d *dishonestServer) count() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests++
}

// errEndsHere ends a stream without an error.
var errEndsHere = errors.New("the stream ends")

// pass passes a response on to the client, after the lie.
func (d *dishonestServer) pass(rpc *harness.RPC, method protoreflect.MethodDescriptor, answer []byte) error {
	message := dynamicpb.NewMessage(method.Output())
	if err := proto.Unmarshal(answer, message); err != nil {
		return err
	}
	d.renameMembers(message)
	d.mu.Lock()
	full := rpc.FullMethod
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
		if err := rpc.Send(changed); err != nil {
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
