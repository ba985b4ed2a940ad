package harness

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Endpoint is an address at which a function of the test listens instead of an etcd
// server.
type Endpoint struct {
	// Address has the form HOST:PORT.
	Address string

	connections atomic.Int64
}

// NewEndpoint returns an endpoint that passes each connection to talk, and closes it
// afterwards. It accepts connections until the test ends.
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

// NewClosingEndpoint returns an endpoint that closes each connection immediately.
func NewClosingEndpoint(t testing.TB) *Endpoint {
	t.Helper()
	return NewEndpoint(t, func(net.Conn) {})
}

// Connections returns the number of connections so far.
func (e *Endpoint) Connections() int64 { return e.connections.Load() }

// WantNoConnection fails the test if there was a connection.
func (e *Endpoint) WantNoConnection(t testing.TB, whose string) {
	t.Helper()
	if n := e.Connections(); n > 0 {
		t.Errorf("%d connections were made to %s, want none", n, whose)
	}
}

// SilentEndpoint returns an address, HOST:PORT, that accepts connections and never
// sends a byte, like a stopped server.
func SilentEndpoint(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// RefusingEndpoint returns an address, HOST:PORT, that refuses connections until the
// test ends. Its port is bound, and no process listens on it.
func RefusingEndpoint(t testing.TB) string {
	t.Helper()
	// A connected socket owns its local port, so no server can get this port.
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
