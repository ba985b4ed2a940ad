package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/response"
	"github.com/ectl-io/ectl/internal/retry"
)

// requests sends the requests of one client. It checks the requests and their responses,
// and records their outcomes.
type requests struct {
	diagnosis *diagnose.Diagnosis
	changes   *Changes
	dryRun    *DryRun // nil: changes are sent
	config    clientv3.Config
	flags     diagnose.Flags
	login     *sharedLogin

	clusterCheck clusterCheck

	count atomic.Int64
	peer  atomic.Pointer[peer.Peer] // that answered last
}

// newRequests returns the requests of a client. login is that of its dialer. self returns
// the identity of the client.
func (o *Options) newRequests(config *clientv3.Config, login *sharedLogin, self func() (Self, error)) *requests {
	r := &requests{config: *config, flags: o.flags(), changes: o.Changes, dryRun: o.DryRun, login: login}
	r.diagnosis = diagnose.New(diagnose.Config{
		Client: *config, TLS: tlsOf(config), TokenExpiry: ReadToken(config.Token).Expiry, Flags: r.flags,
		Identity: func() diagnose.Identity { return identityOf(self) },
		Timeout:  config.DialTimeout, TimeoutFlag: "--dial-timeout",
		Impatient: o.Impatient,
	})
	bound := responseBound(config.MaxCallRecvMsgSize)
	config.DialOptions = append(r.diagnosis.DialOptions(),
		grpc.WithChainUnaryInterceptor(r.unary, bound.unary, response.Unary),
		grpc.WithChainStreamInterceptor(r.stream, bound.stream, response.Stream),
	)
	return r
}

// tlsOf returns the TLS configuration that a client uses, or nil if it uses no TLS. In
// client/v3 the first endpoint decides for all.
func tlsOf(config *clientv3.Config) *tls.Config {
	switch {
	case !speaksTLS(config.Endpoints[0], config.TLS != nil):
		return nil
	case config.TLS == nil:
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return config.TLS
}

// authenticate is the RPC of the login. client/v3 does not retry it after a broken
// connection or during an election, although it changes nothing.
const authenticate = "/etcdserverpb.Auth/Authenticate"

// loginPause is the wait before a login is retried.
const loginPause = 100 * time.Millisecond

func (r *requests) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) (err error) {
	answered := r.wait(ctx)
	defer func() { answered(err == nil || !isUnanswered(err)) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer r.diagnosis.OnUnreachable(cancel)()
	if err := r.refuseInTheClear(req); err != nil {
		return err
	}
	if err := r.refuseSeveralClusters(ctx, method, req); err != nil {
		return err
	}
	begun := time.Now()
	if answered, err := r.dryRun.answer(ctx, cc, method, req, reply); answered {
		// The error is about this request, not about the one that was sent instead.
		r.diagnosis.RememberRefusal(diagnose.Request{Method: method, Message: req, Conn: cc, Sent: begun}, err)
		return err
	}
	if err := r.changes.beforePassword(req); err != nil {
		return err
	}
	send := func(ctx context.Context) (struct{}, error) { //nolint:unparam // retry.Do passes a value on
		err := r.send(ctx, method, req, reply, cc, invoker, opts...)
		if reason := r.diagnosis.Unreachable(); err != nil && reason != nil && errors.Is(context.Cause(ctx), reason) {
			return struct{}{}, reason
		}
		return struct{}{}, err
	}
	policy := retry.Policy{
		Backoff: retry.Backoff{Min: loginPause},
		Again:   func(err error) bool { return method == authenticate && retry.IsTransient(err) },
	}
	sendAgain := func() error {
		_, err := retry.Do(ctx, policy, send)
		return err
	}
	if response := r.ofOwnLogin(req, reply); response != nil {
		return r.login.do(ctx, cc, response, sendAgain)
	}
	return sendAgain()
}

// wait notes that a response is waited for.
func (r *requests) wait(ctx context.Context) (end func(answered bool)) {
	return progress.Attempt(ctx, r, func() string { return r.diagnosis.Waiting(progress.WordsOf(ctx)) })
}

// isUnanswered reports whether err means that no server has answered.
func isUnanswered(err error) bool {
	return retry.IsTransient(err) || retry.Is(err, retry.TimedOut) || errors.Is(err, context.Canceled)
}

// ofOwnLogin returns the response to a login of the client's user, or nil for another
// request.
func (r *requests) ofOwnLogin(req, reply any) *pb.AuthenticateResponse {
	login, ok := req.(*pb.AuthenticateRequest)
	if !ok || r.config.Username == "" || login.GetName() != r.config.Username || login.GetPassword() != r.config.Password {
		return nil
	}
	response, _ := reply.(*pb.AuthenticateResponse)
	return response
}

// send sends a request once.
func (r *requests) send(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	sent := time.Now()
	if err := r.preflightTxnReads(ctx, method, req, cc, invoker, opts...); err != nil {
		return err
	}
	r.count.Add(1)
	var header metadata.MD
	var from peer.Peer
	err := invoker(ctx, method, req, reply, cc, append(opts, grpc.Header(&header), grpc.Peer(&from))...)
	r.peer.Store(&from)
	if err = diagnose.MarkAnswered(diagnose.Plain(err), method, req, header); err == nil {
		r.changes.answered(method, req, reply)
	}
	r.diagnosis.Remember(diagnose.Request{Method: method, Message: req, Conn: cc, Sent: sent}, err)
	return err
}

// stream opens a stream. It returns an error if no endpoint can be reached for a
// permanent reason. The client library would retry indefinitely.
func (r *requests) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := r.diagnosis.OnUnreachable(cancel)
	connected := r.wait(ctx)
	stream, err := streamer(ctx, desc, cc, method, opts...)
	connected(err == nil)
	stop()
	request := diagnose.Request{Method: method, Conn: cc, Sent: time.Now()}
	if err == nil {
		context.AfterFunc(stream.Context(), crash.Guarded(func() { cancel(nil) }))
		return &observedStream{ClientStream: stream, diagnosis: r.diagnosis, request: request}, nil
	}
	defer cancel(nil)
	if reason := r.diagnosis.Unreachable(); reason != nil {
		return nil, reason
	}
	err = diagnose.Plain(err)
	r.diagnosis.Remember(request, err)
	return nil, err
}

// observedStream reports requests and errors of a stream to the diagnosis.
type observedStream struct {
	grpc.ClientStream
	diagnosis *diagnose.Diagnosis
	request   diagnose.Request // without a message
}

// SendMsg implements grpc.ClientStream.
func (s *observedStream) SendMsg(message any) error {
	if watch, ok := message.(*pb.WatchRequest); ok && watch.GetCreateRequest() != nil {
		request := s.request
		request.Message, request.Sent = message, time.Now()
		s.diagnosis.Watching(request)
	}
	return diagnose.Plain(s.ClientStream.SendMsg(message))
}

// RecvMsg implements grpc.ClientStream.
func (s *observedStream) RecvMsg(message any) error {
	err := diagnose.Plain(s.ClientStream.RecvMsg(message))
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	s.diagnosis.RememberRefusal(s.request, err)
	if !diagnose.IsTooLarge(status.Convert(err).Message()) {
		return err
	}
	header, _ := s.Header() // after an error, it is there or there is none
	return diagnose.MarkAnswered(err, s.request.Method, nil, header)
}
