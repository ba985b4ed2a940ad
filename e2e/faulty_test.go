package e2e

import (
	"context"
	"path"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// fault is what happens to one request on its way through a faulty endpoint.
type fault int

const (
	passes      fault = iota
	isLost            // it never reaches the server, and the connection breaks
	isUnheard         // the server does it, and the connection breaks before the answer
	isRefused         // somebody answers that it is denied
	isSwallowed       // the server does it, and the answer never comes
	isLate            // it reaches the server only when deliver is called, whoever still waits
)

// faulty is an endpoint in front of a server that does something to some of
// the requests, all of which are unary.
type faulty struct {
	url string

	mu     sync.Mutex
	faults func(method string, nth int) fault
	seen   map[string]int
	names  []string

	due       chan struct{} // closed when late requests are to be delivered
	delivered sync.WaitGroup
}

// newFaulty starts one. faults decides by the name of the RPC, as in
// "RoleAdd", and how often it was called before, from 1.
func newFaulty(t *testing.T, endpoint string, faults func(method string, nth int) fault) *faulty {
	t.Helper()
	f := &faulty{faults: faults, seen: map[string]int{}, due: make(chan struct{})}
	f.url = "http://" + proxyUnary(t, endpoint, f.handle)
	return f
}

// requests are the RPCs so far, in their order.
func (f *faulty) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.names...)
}

// deliver delivers the requests that are late. It returns when the server has
// answered them.
func (f *faulty) deliver() {
	close(f.due)
	f.delivered.Wait()
}

func (f *faulty) handle(ctx context.Context, method string, forward func(context.Context) error) error {
	method = path.Base(method)
	f.mu.Lock()
	f.seen[method]++
	f.names = append(f.names, method)
	decided := f.faults(method, f.seen[method])
	f.mu.Unlock()
	broken := status.Error(codes.Unavailable, "error reading from server: EOF")
	if decided == isLost {
		return broken
	}
	if decided == isRefused {
		return status.Error(codes.PermissionDenied, "etcdserver: permission denied")
	}
	if decided == isLate {
		f.delivered.Add(1)
		defer f.delivered.Done()
		<-f.due
	}
	err := forward(context.WithoutCancel(ctx)) // the server does it for a client that has gone, too
	if decided == isUnheard {
		return broken
	}
	if decided == isSwallowed {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}
