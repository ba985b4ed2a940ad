package etcd

import (
	"context"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// sharedLogin holds the token of a dialer's user for all of its clients, so that a command
// that queries each member logs in once. Every member accepts the token: a simple one is
// made through Raft, and a JWT is only verified.
type sharedLogin struct {
	turn chan struct{} // full while a client logs in

	mu    sync.Mutex
	token string
}

// loginTurn is how long a client waits for the login of another one. A login takes a
// member a tenth of a second, unless the member has no leader.
const loginTurn = 500 * time.Millisecond

func newSharedLogin() *sharedLogin { return &sharedLogin{turn: make(chan struct{}, 1)} }

// ownLogin marks the context of a client. The client library derives that of its logins
// from it, but not that of a login after the token was refused.
type ownLogin struct{}

// withOwnLogins returns the context of a client whose own logins share a token.
func withOwnLogins(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownLogin{}, true)
}

// do makes the login of request with send, or takes the token of an earlier one. Logins
// that a command makes itself are always sent.
func (l *sharedLogin) do(ctx context.Context, cc *grpc.ClientConn, reply *pb.AuthenticateResponse, send func() error) error {
	if ctx.Value(ownLogin{}) != nil {
		if l.wait(ctx, cc) {
			defer func() { <-l.turn }()
		}
		if reply.Token = l.get(); reply.Token != "" {
			return nil
		}
	}
	err := send()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.token = reply.GetToken() // empty after an error
	return err
}

func (l *sharedLogin) get() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.token
}

// wait waits until no other client logs in, but not for long. It reports whether other
// clients wait until this one has logged in. A client without a connection does not keep
// others waiting.
func (l *sharedLogin) wait(ctx context.Context, cc *grpc.ClientConn) bool {
	if l.get() != "" || !isConnected(ctx, cc) {
		return false
	}
	timer := time.NewTimer(loginTurn)
	defer timer.Stop()
	select {
	case l.turn <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// isConnected waits for the first attempt to connect, and reports whether it has
// succeeded.
func isConnected(ctx context.Context, cc *grpc.ClientConn) bool {
	cc.Connect()
	for {
		switch state := cc.GetState(); state {
		case connectivity.Ready:
			return true
		case connectivity.TransientFailure, connectivity.Shutdown:
			return false
		default:
			if !cc.WaitForStateChange(ctx, state) {
				return false
			}
		}
	}
}
