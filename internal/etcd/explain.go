package etcd

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/response"
)

// trace knows why the requests of one client fail. client/v3 replaces what
// gRPC says by a bare "context deadline exceeded" when a deadline has passed,
// and the reason why no connection came about is gone.
type trace struct {
	attempts *attempts
	changes  *Changes
	config   clientv3.Config
	timeout  time.Duration // how long requests may take, and the flag that says so
	flag     string

	requests atomic.Int64

	mu     sync.Mutex
	last   string // gRPC's words of the last failed request
	writes bool   // that request changes something, if it is carried out
}

func newTrace(config *clientv3.Config) *trace {
	t := &trace{attempts: newAttempts(config.Endpoints, config.TLS), config: *config, timeout: config.DialTimeout, flag: "--dial-timeout"}
	bound := responseBound(config.MaxCallRecvMsgSize)
	config.DialOptions = append(t.attempts.options(),
		grpc.WithChainUnaryInterceptor(t.unary, bound.unary, response.Unary),
		grpc.WithChainStreamInterceptor(t.stream, bound.stream, response.Stream),
	)
	return t
}

// authenticate is the RPC of the login. client/v3 does not repeat it when its
// connection breaks or during an election, though it changes nothing.
const authenticate = "/etcdserverpb.Auth/Authenticate"

// loginPause is the wait before a login is tried again.
const loginPause = 100 * time.Millisecond

func (t *trace) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(t.attempts.hopeless, crash.Guarded(func() { cancel(context.Cause(t.attempts.hopeless)) }))()
	if err := t.refuseInTheClear(req); err != nil {
		return err
	}
	for {
		err := t.mayRead(ctx, method, req, cc, invoker, opts...)
		if err == nil {
			t.requests.Add(1)
			var header metadata.MD
			err = invoker(ctx, method, req, reply, cc, append(opts, grpc.Header(&header))...)
			err = answered(err, method, req, header)
			if err == nil {
				t.changes.answered(method, req, reply)
			}
		}
		var unreachable unreachableError
		if err != nil && errors.As(context.Cause(ctx), &unreachable) {
			return unreachable
		}
		t.remember(writes(method, req), err)
		if method != authenticate || status.Code(err) != codes.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(loginPause):
		}
	}
}

// stream opens a stream, unless no endpoint can be talked to for good: the client
// library would try for ever.
func (t *trace) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(t.attempts.hopeless, crash.Guarded(func() { cancel(context.Cause(t.attempts.hopeless)) }))
	stream, err := streamer(ctx, desc, cc, method, opts...)
	stop()
	if err == nil {
		context.AfterFunc(stream.Context(), crash.Guarded(func() { cancel(nil) }))
		return stream, nil
	}
	defer cancel(nil)
	if reason := t.unreachable(); reason != nil {
		return nil, reason
	}
	t.remember(writes(method, nil), err)
	return nil, err
}

// unreachable returns why no endpoint can be talked to, where that is for good.
func (t *trace) unreachable() error {
	if t.attempts.hopeless.Err() == nil {
		return nil
	}
	return context.Cause(t.attempts.hopeless)
}

func (t *trace) remember(writes bool, err error) {
	if err == nil {
		return
	}
	message := status.Convert(err).Message()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes = writes
	// "while waiting for connections" without a reason says nothing new.
	if t.last == "" || strings.Contains(message, "desc = ") || !isBareDeadline(message) {
		t.last = message
	}
}

func isBareDeadline(message string) bool {
	return strings.HasPrefix(message, context.DeadlineExceeded.Error())
}

// isElection says whether err is that the cluster has no leader at the moment.
func isElection(err error) bool {
	return errors.Is(err, rpctypes.ErrLeaderChanged) || errors.Is(err, rpctypes.ErrNoLeader) || errors.Is(err, rpctypes.ErrNotLeader) ||
		errors.Is(err, rpctypes.ErrTimeoutDueToLeaderFail) || isDropped(err)
}

// explained is an error with the reason behind it and advice. Its text starts
// with the text of the error, on which scripts rely. The reason is empty if there
// is nothing to add; the error then is not explained by another client either.
type explained struct {
	err    error
	reason string
}

func (e *explained) Error() string {
	if e.reason == "" {
		return e.err.Error()
	}
	return e.err.Error() + ": " + e.reason
}
func (e *explained) Unwrap() error { return e.err }

// Because adds the reason to an error where the command knows better than
// Explain, which leaves it as it is.
func Because(err error, reason string) error { return &explained{err: err, reason: reason} }

// settled is an error after which the command has seen to the changes that it
// had made. Its text ends with what became of them, behind the reason.
type settled struct {
	err     error
	outcome string
}

func (e *settled) Error() string { return e.err.Error() + "; " + e.outcome }
func (e *settled) Unwrap() error { return e.err }

// Settled adds to the error of a request what the command has done about it
// and about the changes before it: outcome is a part of a sentence. The error
// leaves no doubt about changes, so that Explain voices none.
func Settled(err error, outcome string) error { return &settled{err: err, outcome: outcome} }

func (t *trace) explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil { // the user ended it himself
		return err
	}
	if _, ok := errors.AsType[*settled](err); ok {
		return t.explainSettled(ctx, err)
	}
	return t.withReason(ctx, err, t.doubt())
}

// explainSettled explains the error in front of what was done about it.
func (t *trace) explainSettled(ctx context.Context, err error) error {
	if s, ok := errors.AsType[*settled](err); ok {
		return &settled{err: t.explainSettled(ctx, s.err), outcome: s.outcome}
	}
	return t.withReason(ctx, err, "")
}

func (t *trace) withReason(ctx context.Context, err error, doubt string) error {
	if _, has := errors.AsType[*explained](err); has {
		return err
	}
	return &explained{err: err, reason: t.reason(ctx, err, doubt)}
}

// reason is what to say of err, or nothing. doubt ends the reason of an error
// that leaves open whether a change was made.
func (t *trace) reason(ctx context.Context, err error, doubt string) string {
	if e, ok := errors.AsType[*answeredError](err); ok {
		return e.reason()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return t.reasonOfDeadline(ctx, doubt)
	case errors.Is(err, rpctypes.ErrUserEmpty), strings.HasSuffix(err.Error(), "auth: user name is empty"): // maintenance before etcd 3.6
		return "the command names an empty user, or authentication is on; say who you are with --user, --auth-jwt-token or a client certificate"
	case errors.Is(err, rpctypes.ErrInvalidAuthToken):
		if expiry := ReadToken(t.config.Token).Expiry; !expiry.IsZero() && time.Now().After(expiry) {
			return "the token expired at " + expiry.Format(time.RFC3339)
		}
		return "the token is not one of this cluster's, or it has expired"
	case errors.Is(err, rpctypes.ErrAuthOldRevision):
		return "users or roles have changed since the token was made; get a new one"
	case errors.Is(err, rpctypes.ErrNoLeader):
		return "fewer than half of the members can be reached, or an election is going on"
	case isElection(err):
		return "the leader was lost or replaced meanwhile; try again"
	case errors.Is(err, rpctypes.ErrTimeout), errors.Is(err, rpctypes.ErrTimeoutDueToConnectionLost):
		return t.leader(ctx, "the members did not agree in time; their disks or their network may be too slow")
	case errors.Is(err, rpctypes.ErrUnhealthy):
		return "the members change only while all of them have been connected for five seconds; endpoint health --cluster shows which is not"
	case errors.Is(err, rpctypes.ErrMemberNotEnoughStarted):
		return "with this change too few members that run would be left for a majority; member list shows which never started"
	case errors.Is(err, rpctypes.ErrMemberLearnerNotReady):
		return "it has not caught up yet, or does not run: try again later"
	case errors.Is(err, rpctypes.ErrMemberNotFound):
		return "member list shows the IDs"
	case errors.Is(err, rpctypes.ErrMemberNotLearner):
		return "it has its vote already; member list shows who has none"
	case errors.Is(err, rpctypes.ErrTooManyLearners):
		return "promote or remove the one that there is; member list shows it"
	case errors.Is(err, rpctypes.ErrPeerURLExist):
		return "another member has one of these URLs; member list shows whose they are"
	case errors.Is(err, rpctypes.ErrBadLeaderTransferee):
		return "only a member with a vote can lead; member list shows the IDs"
	case errors.Is(err, rpctypes.ErrNoSpace):
		return "a member's database is full: remove what is not needed, then compaction, defrag and alarm disarm, or raise etcd's --quota-backend-bytes; endpoint status shows the sizes"
	case errors.Is(err, rpctypes.ErrWrongDowngradeVersionFormat):
		return "the version is given as in 3.6"
	case errors.Is(err, rpctypes.ErrInvalidDowngradeTargetVersion):
		return "it has to be the minor version before the cluster's"
	case errors.Is(err, rpctypes.ErrDowngradeInProcess):
		return "downgrade cancel ends it; endpoint status shows to which version"
	case errors.Is(err, rpctypes.ErrPermissionNotGranted):
		return "a range has to be given as it was granted, with --prefix for a prefix say; role get NAME shows what the role has"
	case errors.Is(err, rpctypes.ErrRootUserNotExist):
		return "add it first: user add root"
	}
	switch status.Code(err) {
	case codes.Internal: // a proxy or the connection, not etcd
		if isUnsent(err) {
			return "a name or a password has bytes that are not UTF-8, which etcd does not take; nothing was sent"
		}
		return strings.TrimPrefix(doubt, "; ")
	case codes.Unimplemented:
		return "this server is too old for the command"
	case codes.Unavailable:
		if !strings.Contains(err.Error(), "etcdserver: ") {
			return t.attempts.reason("the connection broke before the answer came" + doubt)
		}
	}
	return ""
}

// isUnsent says whether a request could not be written as a message, so that it
// was not sent. Of text in a request only what is not UTF-8 has that effect.
func isUnsent(err error) bool {
	return strings.HasPrefix(status.Convert(err).Message(), "grpc: error while marshaling")
}

// reasonOfDeadline says why no answer came in time: why no connection came
// about, or else what is known of the servers that did not answer.
func (t *trace) reasonOfDeadline(ctx context.Context, doubt string) string {
	t.mu.Lock()
	last := t.last
	t.mu.Unlock()
	if strings.HasPrefix(last, "etcdserver: ") {
		return t.leader(ctx, last)
	}
	if answering := t.attempts.answering(); len(answering) > 0 {
		return t.leader(ctx, fmt.Sprintf("%s did not answer within %s (%s)", strings.Join(answering, ", "), t.timeout, t.flag)) + doubt
	}
	if cause := transportCause(last); cause != "" && !t.attempts.direct {
		return cause
	}
	return t.attempts.reason("no answer came")
}

// reads are the parts of the names of RPCs that change nothing.
func reads() []string {
	return []string{"/Range", "Get", "List", "Status", "/Authenticate", "/LeaseTimeToLive", "/LeaseLeases", "Hash", "/Snapshot", "/Watch"}
}

func isRead(method string) bool {
	return slices.ContainsFunc(reads(), func(part string) bool { return strings.Contains(method, part) })
}

// doubt is what to say of a request that was sent and not answered: a change
// may have been made.
func (t *trace) doubt() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.writes {
		return ""
	}
	return "; the change may have been made all the same: look before you repeat it"
}

// transportCause picks the innermost reason out of gRPC's description of a
// failed connection, or returns an empty string. It compiles its expression
// only here: every start would pay for it otherwise.
func transportCause(message string) string {
	expression := regexp.MustCompile(`desc = "(?:transport: )?(?:Error while dialing: |authentication handshake failed: )?(.*)"`)
	if cause := expression.FindStringSubmatch(message); cause != nil {
		return strings.ReplaceAll(cause[1], `\"`, `"`)
	}
	return ""
}

// leaderTimeout bounds the question who the leader is.
const leaderTimeout = time.Second

// leader says which of the members that answer know no leader, or else what
// otherwise says. A member that is asked for something which needs a leader
// says at once that there is none, before it asks who wants to know.
func (t *trace) leader(ctx context.Context, otherwise string) string {
	ctx, cancel := context.WithTimeout(ctx, leaderTimeout)
	defer cancel()
	config := t.config
	config.Context, config.DialOptions = ctx, nil
	config.Username, config.Password, config.Token = "", "", ""
	config.MaxUnaryRetries = 1
	client, err := clientv3.New(config)
	if err != nil {
		return otherwise
	}
	defer func() { _ = client.Close() }()
	endpoints := t.attempts.answering()
	leaderless := make([]string, len(endpoints))
	var asking sync.WaitGroup
	for i, endpoint := range endpoints {
		asking.Go(crash.Guarded(func() {
			if _, err := client.Status(clientv3.WithRequireLeader(ctx), endpoint); errors.Is(err, rpctypes.ErrNoLeader) {
				leaderless[i] = endpoint
			}
		}))
	}
	asking.Wait()
	leaderless = slices.DeleteFunc(leaderless, func(endpoint string) bool { return endpoint == "" })
	if len(leaderless) == 0 {
		return otherwise
	}
	return strings.Join(leaderless, ", ") + ": no leader: fewer than half of the members of the cluster can be reached from there"
}
