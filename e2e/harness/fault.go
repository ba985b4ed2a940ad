package harness

import (
	"context"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Fault is what happens to one request on its way through a proxy.
type Fault int

const (
	// Passes is no fault.
	Passes Fault = iota
	// RequestLost breaks the connection before the request reaches the server.
	RequestLost
	// AnswerLost breaks the connection after the server has executed the request.
	AnswerLost
	// Denied has the proxy answer that permission is denied.
	Denied
	// Unanswered has the server execute the request, and the client wait.
	Unanswered
	// Late delivers the request when DeliverLate is called, even to a client that
	// has stopped waiting.
	Late
)

// NewFaultyProxy starts a proxy to an endpoint, on which a fault can happen to each
// request. faults decides by the RPC's name, such as "RoleAdd", and by how often
// it was called, from 1.
func NewFaultyProxy(t testing.TB, endpoint string, faults func(method string, nth int) Fault) *RPCProxy {
	t.Helper()
	p := NewRPCProxy(t, endpoint)
	var mu sync.Mutex // faults may keep a state
	p.Handle = func(ctx context.Context, rpc *RPC) error {
		mu.Lock()
		fault := faults(rpc.Method, rpc.Nth)
		mu.Unlock()
		return p.suffer(ctx, rpc, fault)
	}
	return p
}

// DeliverLate delivers the requests that are late. It returns when the server has
// answered them.
func (p *RPCProxy) DeliverLate() {
	close(p.due)
	p.delivered.Wait()
}

func (p *RPCProxy) suffer(ctx context.Context, rpc *RPC, fault Fault) error {
	broken := status.Error(codes.Unavailable, "error reading from server: EOF")
	switch fault {
	case RequestLost:
		return broken
	case Denied:
		return status.Error(codes.PermissionDenied, "etcdserver: permission denied")
	case Late:
		p.delivered.Add(1)
		defer p.delivered.Done()
		<-p.due
	case Passes, AnswerLost, Unanswered:
	}
	err := rpc.Forward(context.WithoutCancel(ctx)) // the server executes it even if the client has gone
	switch fault {
	case AnswerLost:
		return broken
	case Unanswered:
		<-ctx.Done()
		return ctx.Err()
	case Passes, RequestLost, Denied, Late:
	}
	return err
}
