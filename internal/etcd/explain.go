package etcd

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// trace remembers what gRPC said of the requests of one client. client/v3
// replaces it by a bare "context deadline exceeded" when a deadline has
// passed, and the reason why no connection came about is gone.
type trace struct {
	endpoints []string
	token     string // the JSON web token in use, if any
	tls       *tls.Config
	timeout   time.Duration // how long requests may take, and the flag that says so
	flag      string

	mu   sync.Mutex
	last string // gRPC's words of the last failed request
}

func (t *trace) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoker(ctx, method, req, reply, cc, opts...)
	t.remember(err)
	return err
}

func (t *trace) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := streamer(ctx, desc, cc, method, opts...)
	t.remember(err)
	return stream, err
}

func (t *trace) remember(err error) {
	if err == nil {
		return
	}
	message := status.Convert(err).Message()
	t.mu.Lock()
	defer t.mu.Unlock()
	// "while waiting for connections" without a reason says nothing new.
	if t.last == "" || strings.Contains(message, "desc = ") || !isBareDeadline(message) {
		t.last = message
	}
}

func isBareDeadline(message string) bool {
	return strings.HasPrefix(message, context.DeadlineExceeded.Error())
}

// explained is an error with the reason behind it and advice. Its text starts
// with the text of the error, on which scripts rely.
type explained struct {
	err    error
	reason string
}

func (e *explained) Error() string { return e.err.Error() + ": " + e.reason }
func (e *explained) Unwrap() error { return e.err }

func (t *trace) explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil { // the user ended it himself
		return err
	}
	if reason := t.reason(err); reason != "" {
		return &explained{err: err, reason: reason}
	}
	return err
}

func (t *trace) reason(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return t.reasonOfDeadline()
	case errors.Is(err, rpctypes.ErrUserEmpty):
		return "the command names an empty user, or authentication is on; say who you are with --user, --auth-jwt-token or a client certificate"
	case errors.Is(err, rpctypes.ErrInvalidAuthToken):
		if expiry, ok := tokenExpiry(t.token); ok && time.Now().After(expiry) {
			return "the token expired at " + expiry.Format(time.RFC3339)
		}
		return "the token is not one of this cluster's, or it has expired"
	case errors.Is(err, rpctypes.ErrAuthFailed):
		return "wrong user name or password"
	case errors.Is(err, rpctypes.ErrNoLeader), errors.Is(err, rpctypes.ErrTimeoutDueToLeaderFail), errors.Is(err, rpctypes.ErrTimeout),
		errors.Is(err, rpctypes.ErrLeaderChanged), errors.Is(err, rpctypes.ErrNotLeader), errors.Is(err, rpctypes.ErrTimeoutDueToConnectionLost):
		return "the cluster has no leader now: fewer than half of its members can be reached"
	case errors.Is(err, rpctypes.ErrRootUserNotExist):
		return "add it first: user add root"
	}
	if s, ok := status.FromError(err); ok {
		switch s.Code() {
		case codes.Unimplemented:
			return "this server is too old for the command"
		case codes.Unavailable:
			if hungUp(s.Message()) {
				if reason := t.reasonOfHangup(); reason != "" {
					return reason
				}
			}
			return t.cause(s.Message())
		}
	}
	return ""
}

// reasonOfDeadline says why no answer came in time: why no connection came
// about, or else that the server did not answer.
func (t *trace) reasonOfDeadline() string {
	t.mu.Lock()
	last := t.last
	t.mu.Unlock()
	if hungUp(last) {
		if reason := t.reasonOfHangup(); reason != "" {
			return reason
		}
	}
	if reason := t.cause(last); reason != "" {
		return reason
	}
	if strings.Contains(last, "waiting for connections") || last == "" {
		return fmt.Sprintf("no connection to %s within %s (%s): the host is down or a firewall drops the packets",
			strings.Join(t.endpoints, ", "), t.timeout, t.flag)
	}
	if strings.HasPrefix(last, "etcdserver: ") {
		return last
	}
	return fmt.Sprintf("%s did not answer within %s (%s); the cluster may have no leader", strings.Join(t.endpoints, ", "), t.timeout, t.flag)
}

// transportCause picks the innermost reason out of gRPC's description of a
// failed connection.
var transportCause = regexp.MustCompile(`desc = "(?:transport: )?(?:Error while dialing: |authentication handshake failed: )?(.*)"`)

// handshakeEOF is what gRPC says when a server without TLS is spoken to in TLS.
const handshakeEOF = "authentication handshake failed: EOF"

// causes maps what the transport says to what it means and what to do.
var causes = []struct{ says, means string }{
	{"connection refused", "nothing listens there; is etcd running, and is --endpoints right?"},
	{"no such host", "unknown host; is --endpoints right?"},
	{"server misbehaving", "the name server cannot look the host up; is --endpoints right?"},
	{"signed by unknown authority", "the server's certificate is from an authority that is not trusted; give it with --cacert"},
	{"certificate is not trusted", "the server's certificate is from an authority that is not trusted; give it with --cacert"},
	{"certificate is valid for", "the server's certificate is for other names; use one of them in --endpoints"},
	{"doesn't contain any IP SANs", "the server's certificate is for host names; use one of them in --endpoints"},
	{"certificate is not valid for any names", "the server's certificate is for no host; it must name the endpoint"},
	{"certificate has expired", "the server's certificate has expired, or this machine's clock is wrong"},
	{"certificate required", "the server wants a client certificate; give --cert and --key"},
	{"bad certificate", "the server refused the client certificate, or wants one; check --cert and --key"},
	{"unknown certificate authority", "the server does not trust the authority of the client certificate; check --cert"},
	{"first record does not look like a TLS handshake", "the server does not use TLS; use http:// endpoints"},
	{"error reading server preface: EOF", "the server hung up; does it want TLS? Use https:// endpoints"},
	{"error reading server preface: http2", "the server does not speak etcd's protocol; does it want TLS? Use https:// endpoints"},
	{"connection reset by peer", "the server hung up; does it want TLS? Use https:// endpoints"},
	{"i/o timeout", "the host is down or a firewall drops the packets"},
	{"network is unreachable", "no route to that network"},
	{"no route to host", "no route to that host"},
	{"etcdserver: ", ""},
}

// cause puts gRPC's words into a sentence: the transport's own error and what
// it means. It is empty where message names no cause.
func (t *trace) cause(message string) string {
	if strings.Contains(message, handshakeEOF) {
		return "the server hung up in the TLS handshake: does it use TLS? Without it, use http:// endpoints"
	}
	text := message
	if match := transportCause.FindStringSubmatch(message); match != nil {
		text = strings.ReplaceAll(match[1], `\"`, `"`)
	}
	for _, c := range causes {
		if !strings.Contains(text, c.says) {
			continue
		}
		if c.means == "" {
			return text
		}
		return text + ": " + c.means
	}
	if text != message {
		return text
	}
	return ""
}

// tokenExpiry reads the time of expiry out of a JSON web token, which is not
// verified: that is the server's business.
func tokenExpiry(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		Expiry *float64 `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Expiry == nil {
		return time.Time{}, false
	}
	return time.Unix(int64(*claims.Expiry), 0), true
}
