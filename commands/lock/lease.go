package lock

import (
	"context"
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/etcd"
)

// A member may accept a request and never answer it, being stopped or cut off
// from the others. Each further attempt goes to another member.
const (
	attemptTimeout = 2 * time.Second
	attemptPause   = 100 * time.Millisecond
)

// persist repeats a request that does no harm when it is made twice, until it is
// answered, fails for a reason that does not pass, or ctx ends.
func persist[R any](ctx context.Context, request func(context.Context) (R, error)) (R, error) {
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		response, err := request(attempt)
		timedOut := attempt.Err() != nil
		cancel()
		switch {
		case err == nil:
			return response, nil
		case ctx.Err() != nil:
			return response, context.Cause(ctx)
		case !timedOut && !etcd.Passes(err):
			return response, err
		}
		select {
		case <-ctx.Done():
			return response, context.Cause(ctx)
		case <-time.After(attemptPause):
		}
	}
}

// lease is a lease that is kept alive. The client library's way of doing so
// takes one answer for granted that came late, and waits on a member that says
// nothing for longer than a short lease lives.
type lease struct {
	client pb.LeaseClient
	id     clientv3.LeaseID
	ttl    time.Duration
	until  time.Time // it lives at least, counted from when the server was asked

	stream pb.Lease_LeaseKeepAliveClient // nil: to be made
	cancel context.CancelFunc            // of the stream
}

func grant(ctx context.Context, client *etcd.Client, seconds int64) (*lease, error) {
	asked := time.Now()
	response, err := persist(ctx, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		asked = time.Now()
		return client.Grant(ctx, seconds)
	})
	if err != nil {
		return nil, err
	}
	ttl := time.Duration(response.TTL) * time.Second
	return &lease{client: clientv3.RetryLeaseClient(client.Client), id: response.ID, ttl: ttl, until: asked.Add(ttl)}, nil
}

// A lease is renewed three times in its life, and each attempt leaves time for
// another.
const (
	renewals = 3
	attempts = 6
)

// keep keeps the lease alive until ctx ends. It returns why the lease is lost.
func (l *lease) keep(ctx context.Context) error {
	defer l.close()
	for {
		asked := time.Now()
		ttl, err := l.renew(ctx)
		pause := attemptPause
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && ttl <= 0:
			return errLeaseGone
		case err == nil:
			l.until = asked.Add(ttl)
			pause = ttl / renewals
		case !time.Now().Before(l.until):
			return fmt.Errorf("nobody renewed its lease for %s: %s", l.ttl, words(err))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// renew asks once for the lease to be renewed. It returns for how long.
func (l *lease) renew(ctx context.Context) (time.Duration, error) {
	if l.stream == nil {
		streaming, cancel := context.WithCancel(ctx)
		l.cancel = cancel
		timer := time.AfterFunc(l.patience(), cancel)
		defer timer.Stop()
		stream, err := l.client.LeaseKeepAlive(streaming)
		if err != nil {
			l.close()
			return 0, err
		}
		l.stream = stream
	}
	timer := time.AfterFunc(l.patience(), l.cancel)
	defer timer.Stop()
	if err := l.stream.Send(&pb.LeaseKeepAliveRequest{ID: int64(l.id)}); err != nil {
		_, err = l.stream.Recv() // has the reason
		l.close()
		return 0, err
	}
	response, err := l.stream.Recv()
	if err != nil {
		l.close()
		return 0, err
	}
	return time.Duration(response.GetTTL()) * time.Second, nil
}

// words say why a lease was not renewed.
func words(err error) string {
	switch status.Code(err) {
	case codes.Canceled, codes.DeadlineExceeded: // by the patience of an attempt
		return "no answer"
	}
	return status.Convert(err).Message()
}

// patience is how long one attempt may take.
func (l *lease) patience() time.Duration {
	return max(min(l.ttl/attempts, time.Until(l.until)), attemptPause)
}

func (l *lease) close() {
	if l.cancel != nil {
		l.cancel()
	}
	l.stream, l.cancel = nil, nil
}
