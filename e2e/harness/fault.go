package harness

import (
	"context"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Fault is a fault that a proxy applies to a request.
type Fault int

const (
	// Passes means no fault.
	Passes Fault = iota
	// RequestLost breaks the connection before the request reaches the server.
	RequestLost
	// AnswerLost breaks the connection after the server has executed the request.
	AnswerLost
	// Denied makes the proxy respond with "permission denied".
	Denied
	// Unanswered makes the server execute the request, but the client receives no
	// response.
	Unanswered
	// Late delays the request until DeliverLate is called, even if the client no longer
	// waits.
	Late
)

// NewFaultyProxy starts a proxy to an endpoint that can apply a fault to each request.
// faults returns the fault for the RPC method, for example "RoleAdd". nth counts the
// calls of this RPC, from 1.
func NewFaultyProxy(t testing.TB, endpoint string, faults func(method string, nth int) Fault) *RPCProxy {
	t.Helper()
	p := NewRPCProxy(t, endpoint)
	var mu sync.Mutex // faults may have state
	p.Handle = func(ctx context.Context, rpc *RPC) error {
		mu.Lock()
		fault := faults(rpc.Method, rpc.Nth)
		mu.Unlock()
		return p.suffer(ctx, rpc, fault)
	}
	return p
}

// DeliverLate delivers the late requests. It returns when the server has answered them.
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
	err := rpc.Forward(context.WithoutCancel(ctx)) // the server executes it even if the client has disconnected
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
