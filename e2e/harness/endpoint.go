package harness

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Endpoint is an address at which no etcd server listens, but a function of the
// test.
type Endpoint struct {
	// Address is HOST:PORT.
	Address string

	connections atomic.Int64
}

// NewEndpoint hands each connection to talk, and closes it afterwards. It accepts
// connections until the test ends.
func NewEndpoint(t testing.TB, talk func(net.Conn)) *Endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &Endpoint{Address: listener.Addr().String()}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			e.connections.Add(1)
			go func() {
				defer conn.Close()
				talk(conn)
			}()
		}
	})
	t.Cleanup(func() {
		listener.Close()
		accepting.Wait()
	})
	return e
}

// NewClosingEndpoint closes each connection at once.
func NewClosingEndpoint(t testing.TB) *Endpoint {
	t.Helper()
	return NewEndpoint(t, func(net.Conn) {})
}

// Connections is the number of connections so far.
func (e *Endpoint) Connections() int64 { return e.connections.Load() }

// WantNoConnection fails the test if there was a connection.
func (e *Endpoint) WantNoConnection(t testing.TB, whose string) {
	t.Helper()
	if n := e.Connections(); n > 0 {
		t.Errorf("%d connections were made to %s, want none", n, whose)
	}
}

// SilentEndpoint is an endpoint that accepts connections and never sends a byte,
// like a stopped server.
func SilentEndpoint(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// RefusingEndpoint is an endpoint that refuses connections for as long as the test
// runs: its port is bound, and no process listens on it.
func RefusingEndpoint(t testing.TB) string {
	t.Helper()
	// A connected socket owns its local port, so no server can be given it.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}
