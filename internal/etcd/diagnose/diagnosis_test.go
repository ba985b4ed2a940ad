package diagnose

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ownFlags are those of the cluster that most commands talk to.
func ownFlags() *Flags {
	return &Flags{Endpoints: "--endpoints", Login: "--user, --auth-jwt-token", CACert: "--cacert", Cert: "--cert", Key: "--key"}
}

// diagnosisOf returns the diagnosis of a client without TLS.
func diagnosisOf(endpoint string) *Diagnosis {
	return New(Config{Client: clientv3.Config{Endpoints: []string{endpoint}}, Flags: *ownFlags(), Timeout: time.Second, TimeoutFlag: "--command-timeout"})
}

func dialError(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2379}, Err: err}
}

func TestWhatTheErrorOfAConnectionMeans(t *testing.T) {
	certificate := &x509.Certificate{}
	for _, test := range []struct {
		name string
		err  error
		says []string
	}{
		{"nothing listens", dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)), []string{"connection refused", "check that etcd is running"}},
		{"no such host", dialError(&net.DNSError{Err: "no such host", Name: "etcd-1", IsNotFound: true}), []string{"no such host etcd-1", "--endpoints"}},
		{"a name server that fails", dialError(&net.DNSError{Err: "server misbehaving", Name: "etcd-1", Server: "10.0.0.1:53"}), []string{"server misbehaving", "name server", "--endpoints"}},
		{"no route", dialError(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), []string{"no route to host"}},
		{"no network", dialError(os.NewSyscallError("connect", syscall.ENETUNREACH)), []string{"network is unreachable"}},
		{"no answer", dialError(os.ErrDeadlineExceeded), []string{"i/o timeout", "firewall"}},
		{"an unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{Cert: certificate}}, []string{"unknown authority", "--cacert"}},
		{"another name", &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"etcd-1"}}, Host: "etcd-2"}}, []string{"etcd-1", "etcd-2", "--endpoints"}},
		{"an expired certificate", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: certificate, Reason: x509.Expired, Detail: "in 2025"}}, []string{"expired", "clock"}},
		{"a server without TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, []string{"http://"}},
		{"a server with TLS", errSpeaksTLS, []string{"https://"}},
		{"a wanted certificate", &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}, []string{"certificate required", "--cert and --key"}},
		{"a refused certificate", &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, []string{"bad certificate", "--cert and --key"}},
		{"a certificate of an unknown authority", &net.OpError{Op: "remote error", Err: errors.New("tls: unknown certificate authority")}, []string{"unknown certificate authority", "--cert"}},
		{"a server that hangs up", io.EOF, []string{"EOF", "hung up"}},
		{"a connection that is reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, []string{"connection reset", "hung up"}},
		{"anything else", errors.New("something else"), []string{"something else"}},
	} {
		got := meaning(fmt.Errorf("wrapped: %w", test.err), ownFlags())
		for _, says := range test.says {
			if !strings.Contains(got, says) {
				t.Errorf("%s: %q says nothing of %q", test.name, got, says)
			}
		}
		if strings.Contains(got, "\n") {
			t.Errorf("%s: %q is more than one line", test.name, got)
		}
	}
}

func TestEndpointsWithTheSameCauseAreNamedTogether(t *testing.T) {
	a := newAttempts(Config{Client: clientv3.Config{Endpoints: []string{"one:1", "http://two:2", "three:3", "four:4"}}, Flags: *ownFlags()})
	a.fail("one:1", dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)))
	a.fail("two:2", dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)))
	a.update("three:3", func(s *state) { s.connected = true })
	want := "one:1, http://two:2: connection refused: nothing listens there; check that etcd is running, and check --endpoints; " +
		"three:3: accepts connections and then says nothing: it may be stopped or overloaded; " +
		"four:4: no answer: the host is down or a firewall drops the packets"
	if got := a.reason("otherwise"); got != want {
		t.Errorf("the reason is\n%s\nwant\n%s", got, want)
	}
	a.succeed("three:3")
	if got := a.reason("otherwise"); got != "otherwise" {
		t.Errorf("an endpoint has answered, and the reason is %q", got)
	}
}

func TestOnlyWhatWaitingDoesNotMendEndsAtOnce(t *testing.T) {
	untrusted := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{Cert: &x509.Certificate{}}}
	refused := dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	for _, test := range []struct {
		name string
		one  error
		two  error
		want bool
	}{
		{"two untrusted certificates", untrusted, untrusted, true},
		{"one untrusted certificate, the other endpoint not tried yet", untrusted, nil, false},
		{"one untrusted certificate, the other endpoint restarting", untrusted, refused, false},
		{"two that may be restarting", refused, refused, false},
		{"two that the client itself has left", context.Canceled, net.ErrClosed, false},
	} {
		a := newAttempts(Config{Client: clientv3.Config{Endpoints: []string{"https://one:1", "https://two:2"}}, Flags: *ownFlags()})
		for address, err := range map[string]error{"one:1": test.one, "two:2": test.two} {
			if err != nil {
				a.fail(address, err)
			}
		}
		if got := a.unreachable.Err() != nil; got != test.want {
			t.Errorf("%s: the client gives up: %t, want %t", test.name, got, test.want)
		}
	}
}

func TestAnErrorOfTheServerKeepsItsTextAndGetsAReason(t *testing.T) {
	for _, test := range []struct {
		err    error
		expiry time.Time
		says   string // nothing: the text is enough
	}{
		{err: rpctypes.ErrUserEmpty, says: "--user"},
		{err: status.Error(codes.Unknown, "auth: user name is empty"), says: "--user"},
		{err: rpctypes.ErrInvalidAuthToken, says: "not one of this cluster's"},
		{err: rpctypes.ErrInvalidAuthToken, expiry: time.Unix(1767225600, 0), says: "the token expired at "},
		{err: rpctypes.ErrAuthOldRevision, says: "since the token was made"},
		{err: rpctypes.ErrNoLeader, says: "half of the members"},
		{err: rpctypes.ErrLeaderChanged, says: "try again"},
		{err: rpctypes.ErrRootUserNotExist, says: "user add root"},
		{err: rpctypes.ErrPermissionNotGranted, says: "role get NAME"},
		{err: rpctypes.ErrUnhealthy, says: "connected for five seconds"},
		{err: rpctypes.ErrMemberNotEnoughStarted, says: "for a majority"},
		{err: rpctypes.ErrMemberLearnerNotReady, says: "not caught up"},
		{err: rpctypes.ErrMemberNotFound, says: "member list"},
		{err: rpctypes.ErrMemberNotLearner, says: "its vote already"},
		{err: rpctypes.ErrTooManyLearners, says: "promote or remove"},
		{err: rpctypes.ErrPeerURLExist, says: "member list"},
		{err: rpctypes.ErrBadLeaderTransferee, says: "a member with a vote"},
		{err: rpctypes.ErrNoSpace, says: "then compaction, defrag and alarm disarm"},
		{err: rpctypes.ErrWrongDowngradeVersionFormat, says: "as in 3.6"},
		{err: rpctypes.ErrInvalidDowngradeTargetVersion, says: "the minor version before"},
		{err: rpctypes.ErrDowngradeInProcess, says: "downgrade cancel"},
		{err: status.Error(codes.Unimplemented, "unknown method RangeStream"), says: "too old"},
		{err: context.DeadlineExceeded, says: "127.0.0.1:1: no answer"},
		{err: status.Error(codes.DeadlineExceeded, "context deadline exceeded"), says: "127.0.0.1:1: no answer"},
		{err: rpctypes.ErrPermissionDenied},
		{err: rpctypes.ErrUserNotFound},
		{err: rpctypes.ErrEmptyKey},
		{err: errors.New("anything else")},
	} {
		d := diagnosisOf("127.0.0.1:1")
		d.config.TokenExpiry = test.expiry
		err := fmt.Errorf("add user: %w", test.err)
		got := d.Explain(t.Context(), err)
		if !strings.HasPrefix(got.Error(), err.Error()) || !errors.Is(got, test.err) {
			t.Errorf("%v is explained as %v: want its own text first", err, got)
		}
		if test.says == "" && got.Error() != err.Error() || !strings.Contains(got.Error()[len(err.Error()):], test.says) {
			t.Errorf("%v is explained as %q, want %q", err, got, test.says)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := diagnosisOf("127.0.0.1:1")
	if got := d.Explain(ctx, rpctypes.ErrNoLeader); got != rpctypes.ErrNoLeader { //nolint:errorlint // the very error
		t.Errorf("an interrupted command is explained as %v", got)
	}
	if got := d.Explain(t.Context(), nil); got != nil {
		t.Errorf("no error is explained as %v", got)
	}
}

func TestWhatWasDoneAboutAnErrorStandsBehindItsReason(t *testing.T) {
	d := diagnosisOf("one:1")
	d.writes = true
	broken := status.Error(codes.Unavailable, "error reading from server: EOF")
	const lost = "rpc error: code = Unavailable desc = error reading from server: EOF: one:1: no answer: the host is down or a firewall drops the packets"
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"an error that says enough", rpctypes.ErrRoleNotFound, "etcdserver: role name not found"},
		{"settled", WithOutcome(rpctypes.ErrRoleNotFound, "nothing was changed"), "etcdserver: role name not found; nothing was changed"},
		{"settled, with a reason that the command knows", WithOutcome(WithReason(rpctypes.ErrUserEmpty, "it needs a name"), "nothing was changed"), "etcdserver: user name is empty: it needs a name; nothing was changed"},
		{"settled, with a reason that is known here", WithOutcome(broken, "it was taken back"), lost + "; it was taken back"},
		{"settled twice", WithOutcome(WithOutcome(broken, "it was taken back"), "authentication is off"), lost + "; it was taken back; authentication is off"},
	} {
		if got := d.Explain(t.Context(), test.err); got.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, got, test.want)
		}
	}
	if got := d.Explain(t.Context(), WithOutcome(rpctypes.ErrRoleNotFound, "")); !errors.Is(got, rpctypes.ErrRoleNotFound) {
		t.Errorf("%v is no longer the server's error", got)
	}
}

// The advice names the flags of the cluster that it is about.
func TestAdviceNamesTheFlagsOfItsClient(t *testing.T) {
	flags := &Flags{Endpoints: "the destination", Login: "--dest-user", CACert: "--dest-cacert", Cert: "--dest-cert", Key: "--dest-key"}
	for _, test := range []struct {
		err  error
		want string
	}{
		{dialError(&net.DNSError{Err: "no such host", Name: "a", IsNotFound: true}), "check the destination"},
		{dialError(&net.DNSError{Err: "server misbehaving", Name: "a"}), "check the destination"},
		{dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "check the destination"},
		{x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a"}}, Host: "b"}, "use one of them in the destination"},
		{x509.UnknownAuthorityError{}, "give it with --dest-cacert"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}, "give --dest-cert and --dest-key; if this is etcd's peer port, use the client port"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, "check --dest-cert and --dest-key"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: unknown certificate authority")}, "check --dest-cert"},
	} {
		if got := meaning(test.err, flags); !strings.HasSuffix(got, test.want) {
			t.Errorf("%v means %q, want the end %q", test.err, got, test.want)
		}
	}
	d := New(Config{Client: clientv3.Config{Endpoints: []string{"a:1"}}, Flags: *flags})
	const want = "say who you are with --dest-user or a client certificate"
	if got := d.Explain(t.Context(), rpctypes.ErrUserEmpty).Error(); !strings.HasSuffix(got, want) {
		t.Errorf("an empty user is explained as %q, want the end %q", got, want)
	}
	// A text from elsewhere stays as it is.
	const told = "the server wants --keepalive-time and --key"
	if got := d.Explain(t.Context(), errors.New(told)).Error(); got != told {
		t.Errorf("%q is explained as %q", told, got)
	}
}
