package harness

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TCPProxy forwards connections to an endpoint. Connections can be cut, refused,
// held, delayed and limited.
type TCPProxy struct {
	// URL is the URL of the proxy.
	URL string

	target string
	sent   atomic.Int64
	done   chan struct{} // closed when the test ends

	mu      sync.Mutex
	conns   map[net.Conn]bool
	refuses bool
	held    chan struct{} // closed when blocks may pass again; nil if they pass
	delay   time.Duration // for each block
	limit   *limit        // for each connection; nil if there is none
}

// Fate is what the proxy does with a connection that has reached its limit.
type Fate int

const (
	// Held keeps the connection open. It passes no bytes from the server until Release.
	Held Fate = iota
	// Ended closes the connection.
	Ended
	// Lost discards later bytes from the server. The server still receives everything.
	Lost
)

// limit is a maximum number of bytes from the server, with the fate of connections that
// reach it.
type limit struct {
	bytes    int64
	fate     Fate
	once     sync.Once
	reached  chan struct{} // closed when the first connection reaches the limit
	released chan struct{} // closed by Release
}

// NewTCPProxy starts a proxy to the URL of an endpoint. The proxy stops when the test
// ends.
func NewTCPProxy(t testing.TB, endpoint string) *TCPProxy {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &TCPProxy{target: target.Host, done: make(chan struct{}), conns: map[net.Conn]bool{}}
	listening := NewEndpoint(t, p.carry)
	p.URL = target.Scheme + "://" + listening.Address
	t.Cleanup(func() {
		close(p.done)
		p.Cut()
	})
	return p
}

// Cut closes all connections. New connections are accepted.
func (p *TCPProxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
}

func (p *TCPProxy) cut() {
	for conn := range p.conns {
		conn.Close()
	}
	clear(p.conns)
}

// Refuse closes all connections, and each new connection until accept is called.
func (p *TCPProxy) Refuse() (accept func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = true
	p.cut()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.refuses = false
	}
}

// Hold stops all data in both directions. Connections stay open, and new connections
// are accepted. The held data passes after release is called.
func (p *TCPProxy) Hold() (release func()) {
	held := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = held
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held = nil
		close(held)
	}
}

// Delay delays each block of bytes.
func (p *TCPProxy) Delay(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// Limit sets the fate of each connection after a number of bytes from the server. The
// block that reaches the number still passes. The returned channel is closed when the
// first connection reaches it.
func (p *TCPProxy) Limit(bytes int64, fate Fate) (reached <-chan struct{}) {
	l := &limit{bytes: bytes, fate: fate, reached: make(chan struct{}), released: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = l
	return l.reached
}

// Release removes the limit, and lets held connections continue.
func (p *TCPProxy) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit != nil {
		close(p.limit.released)
		p.limit = nil
	}
}

// Sent returns the number of bytes that clients have received from the server.
func (p *TCPProxy) Sent() int64 { return p.sent.Load() }

// carry forwards one connection.
func (p *TCPProxy) carry(front net.Conn) {
	var dialer net.Dialer
	back, err := dialer.DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return
	}
	defer back.Close()
	p.mu.Lock()
	if p.refuses {
		p.mu.Unlock()
		return
	}
	p.conns[front], p.conns[back] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, front)
		delete(p.conns, back)
	}()
	go func() {
		defer back.Close()
		p.copy(back, front, func(int) bool { return true })
	}()
	var sent int64
	var past *limit // limit that the connection has already reached
	p.copy(front, back, func(n int) bool {
		p.sent.Add(int64(n))
		sent += int64(n)
		p.mu.Lock()
		l := p.limit
		p.mu.Unlock()
		if l == nil || l == past || sent < l.bytes {
			return true
		}
		past = l
		l.once.Do(func() { close(l.reached) })
		switch l.fate {
		case Held:
			select {
			case <-l.released:
				return true
			case <-p.done:
				return false
			}
		case Lost:
			_, _ = io.Copy(io.Discard, back)
		case Ended:
		}
		return false
	})
}

// copy forwards blocks until one side closes, or until passed returns false.
func (p *TCPProxy) copy(to, from net.Conn, passed func(n int) bool) {
	block := make([]byte, 32<<10)
	for {
		n, err := from.Read(block)
		p.mu.Lock()
		held, delay := p.held, p.delay
		p.mu.Unlock()
		if held != nil {
			select {
			case <-held:
			case <-p.done:
			}
		}
		time.Sleep(delay)
		if n > 0 {
			if _, err := to.Write(block[:n]); err != nil || !passed(n) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
