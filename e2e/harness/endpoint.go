package harness

import (
	"net"
	"testing"
)

// SilentEndpoint is an endpoint that accepts connections and never says a word, as a
// server does that is stopped, and a firewall that answers in its place.
func SilentEndpoint(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// RefusingEndpoint is an endpoint that refuses connections for as long as the test
// runs: its port is bound but nobody listens on it.
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
