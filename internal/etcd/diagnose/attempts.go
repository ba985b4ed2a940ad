package diagnose

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ectl-io/ectl/internal/crash"
)

// attempts records the state of the connections to each endpoint. gRPC keeps only the
// last failure of all of them, as text.
type attempts struct {
	endpoints []string
	tls       *tls.Config // nil if the client uses no TLS
	flags     Flags
	direct    bool // no Unix sockets and no proxy: this package dials
	impatient bool // every failure is permanent

	// unreachable is cancelled, with the reason as its cause, when every endpoint has
	// failed permanently.
	unreachable     context.Context //nolint:containedctx // a signal, like a channel, that can be joined to requests
	markUnreachable context.CancelCauseFunc

	reconnects reconnects

	malformed map[string]string // endpoints to which no connection is possible, with the reason

	mu       sync.Mutex
	states   map[string]*state // by the address that gRPC uses
	answered bool              // an endpoint has answered
}

// state records how far connections to an endpoint have come.
type state struct {
	resolving bool  // the name server has not answered for the host's address
	connected bool  // in the last attempt
	answered  bool  // it has spoken HTTP/2
	err       error // of the last attempt that failed before it ever answered
	final     bool  // err is permanent
	probed    bool
}

func newAttempts(config Config) *attempts {
	endpoints := config.Client.Endpoints
	a := &attempts{
		endpoints: endpoints, tls: config.TLS, flags: config.Flags, impatient: config.Impatient,
		states: map[string]*state{}, malformed: map[string]string{},
	}
	for _, endpoint := range endpoints {
		if reason := Malformed(endpoint); reason != "" {
			a.malformed[endpoint] = reason
		}
	}
	a.direct = !slices.ContainsFunc(endpoints, func(endpoint string) bool {
		address := addressOf(endpoint)
		return address == "" || proxied(address)
	})
	a.unreachable, a.markUnreachable = context.WithCancelCause(context.Background())
	a.checkUnreachable()
	return a
}

// options returns options with which gRPC connects as it does without them, but attempts
// observes the connections.
func (a *attempts) options() []grpc.DialOption {
	transport := insecure.NewCredentials()
	if a.tls != nil {
		transport = credentials.NewTLS(a.tls)
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(watchedCredentials{transport, a})}
	if a.direct {
		options = append(options, grpc.WithContextDialer(a.dial))
	}
	return options
}

// addressOf returns the address that gRPC uses for endpoint, or an empty string if
// endpoint is not HOST:PORT or an HTTP URL.
func addressOf(endpoint string) string {
	if strings.HasPrefix(endpoint, "unix") {
		return ""
	}
	if !strings.Contains(endpoint, "://") {
		return endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Host
}

// Address returns the HOST:PORT of an endpoint, or an empty string if it has none.
func Address(endpoint string) string { return addressOf(endpoint) }

func (a *attempts) dial(ctx context.Context, address string) (net.Conn, error) {
	defer crash.Guard() // gRPC calls it
	a.update(address, func(s *state) { s.connected, s.resolving = false, isName(address) })
	dialer := net.Dialer{ControlContext: func(context.Context, string, string, syscall.RawConn) error {
		a.update(address, func(s *state) { s.resolving = false }) // it connects to an IP address
		return nil
	}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		a.fail(address, err)
		return nil, err
	}
	a.update(address, func(s *state) { s.connected = true })
	return conn, nil
}

// isName reports whether the host of HOST:PORT is a name, not an IP address.
func isName(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && net.ParseIP(host) == nil
}

// watchedCredentials reports the results of handshakes to attempts.
type watchedCredentials struct {
	credentials.TransportCredentials
	attempts *attempts
}

// ClientHandshake implements credentials.TransportCredentials. The authority
// is the address of the endpoint.
func (c watchedCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	defer crash.Guard() // gRPC calls it
	if err := c.attempts.reconnects.pause(ctx, authority); err != nil {
		return nil, nil, err
	}
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		c.attempts.fail(authority, err)
		return nil, nil, err
	}
	c.attempts.reconnects.begin(authority)
	return &watchedConn{Conn: conn, attempts: c.attempts, address: authority}, info, nil
}

// Clone implements credentials.TransportCredentials.
func (c watchedCredentials) Clone() credentials.TransportCredentials {
	return watchedCredentials{c.TransportCredentials.Clone(), c.attempts}
}

// watchedConn reports to attempts whether the server sends anything. With TLS 1.3, a
// server that refuses the client certificate closes the connection only after the
// handshake.
type watchedConn struct {
	net.Conn
	attempts *attempts
	address  string
	read     bool
}

func (c *watchedConn) Read(p []byte) (int, error) {
	defer crash.Guard() // gRPC calls it
	n, err := c.Conn.Read(p)
	if !c.read {
		c.read = true
		switch {
		case n == 0:
			c.attempts.fail(c.address, err)
		case isHTTP1(p[:n]):
			c.attempts.fail(c.address, errSpeaksHTTP)
		default:
			c.attempts.succeed(c.address)
		}
	}
	return n, err
}

func (c *watchedConn) Write(p []byte) (int, error) {
	defer crash.Guard() // gRPC calls it
	n, err := c.Conn.Write(p)
	if err != nil {
		c.attempts.fail(c.address, err)
	}
	return n, err
}

func (a *attempts) update(address string, change func(*state)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.states[address]
	if s == nil {
		s = &state{}
		a.states[address] = s
	}
	change(s)
}

func (a *attempts) succeed(address string) {
	a.update(address, func(s *state) {
		*s = state{connected: true, answered: true}
		a.answered = true
	})
}

func (a *attempts) fail(address string, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
		return // the client itself closed the connection
	}
	probe := false
	a.update(address, func(s *state) {
		probe = a.direct && !s.probed && !s.answered && hungUp(err)
		s.probed = s.probed || probe
		if !s.final && !s.answered { // a permanent error explains more, so it stays
			s.err, s.final = a.withUsage(err), a.impatient || final(err)
		}
	})
	if probe {
		if reason := a.reasonOfHangup(address); reason != nil {
			a.update(address, func(s *state) { s.err, s.final = a.withUsage(reason), true })
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.answered {
		a.checkUnreachable()
	}
}

// checkUnreachable reports if no endpoint can be reached, for permanent reasons. The
// caller holds a.mu.
func (a *attempts) checkUnreachable() {
	for _, endpoint := range a.endpoints {
		if s := a.states[addressOf(endpoint)]; a.malformed[endpoint] == "" && (s == nil || !s.final) {
			return
		}
	}
	a.markUnreachable(unreachableError{a.throughProxy(a.causes())})
}

// final reports whether err is permanent, so that every further attempt fails with it.
func final(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &verification) || errors.As(err, &record) || errors.Is(err, errSpeaksHTTP) || lacksALPN(err) {
		return true
	}
	return isAlert(err)
}

// isAlert reports whether the server ended the handshake with a TLS alert.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// unreachableError reports that no endpoint can be reached, for permanent reasons.
type unreachableError struct{ reasons string }

// Error begins with the text with which etcdctl ends after its timeout, because scripts
// match it.
func (e unreachableError) Error() string {
	return context.DeadlineExceeded.Error() + ": " + e.reasons
}
