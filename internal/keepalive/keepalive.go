// Package keepalive keeps leases alive. The client library is not used, for two
// reasons. It accepts a late response as proof that a lease is alive, and it waits for a
// stopped member longer than a short lease lives.
package keepalive

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
)

// ErrGone reports that the lease does not exist.
var ErrGone = errors.New("its lease has expired or was revoked")

// A lease is renewed three times in its life. Each attempt leaves time for another one,
// which goes to another member.
const (
	renewals     = 3
	attempts     = 6
	firstAttempt = 2 * time.Second // while it is unknown how long the lease lives
	pause        = 100 * time.Millisecond
)

// Keeper keeps one lease alive.
type Keeper struct {
	// Outage is for how long no server has answered, once it is known how long the
	// lease lives. It may be nil.
	Outage *outage.Outage

	unreachable func() error
	leases      pb.LeaseClient
	id          clientv3.LeaseID
	ttl         time.Duration // 0: unknown
	until       time.Time     // it lives at least, counted from when the server was asked

	stream pb.Lease_LeaseKeepAliveClient // nil: to be made
	cancel context.CancelFunc            // of the stream
}

// New returns the keeper of a lease that is known to live until then, ttl after
// the server was asked for it. Where ttl is 0 that is unknown, and the keeper
// tries until then for an answer.
func New(client *etcd.Client, id clientv3.LeaseID, ttl time.Duration, until time.Time) *Keeper {
	return &Keeper{unreachable: client.Unreachable, leases: clientv3.RetryLeaseClient(client.Client), id: id, ttl: ttl, until: until}
}

// Keep keeps the lease alive until ctx ends, whose cause it returns, or renewed
// fails, which is called with each answer. Otherwise its error is ErrGone, or says
// why nobody could be asked for as long as the lease lives.
func (k *Keeper) Keep(ctx context.Context, renewed func(*pb.LeaseKeepAliveResponse) error) error {
	defer k.close()
	reason := noAnswer // why it has not been renewed since the last time
	for {
		asked := time.Now()
		response, err := k.ask(ctx)
		wait := pause
		if said := words(err); err != nil && said != noAnswer { // the last attempt may be too short for one
			reason = said
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && response.GetTTL() <= 0:
			return ErrGone
		case err == nil:
			k.ttl = time.Duration(response.GetTTL()) * time.Second
			k.until = asked.Add(k.ttl)
			wait, reason = k.ttl/renewals, noAnswer
			if err := renewed(response); err != nil {
				return err
			}
		case k.unreachable() != nil:
			return k.unreachable()
		case !time.Now().Before(k.until):
			return fmt.Errorf("no member renewed its lease for %s: %s", k.ttl, reason)
		default: // no later than that: somebody else may have what it stands for then
			wait = min(wait, time.Until(k.until))
		}
		if err := retry.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

// ask renews the lease, and counts what has no answer for the outage.
func (k *Keeper) ask(ctx context.Context) (response *pb.LeaseKeepAliveResponse, err error) {
	o := k.Outage
	if k.ttl == 0 {
		o = nil // the caller gives up in time
	}
	err = o.Attempt(func() error {
		response, err = k.renew(ctx)
		return err
	}, func(error) bool { return true })
	if err == nil {
		k.Outage.End()
	}
	return response, err
}

// renew sends one request to renew the lease.
func (k *Keeper) renew(ctx context.Context) (*pb.LeaseKeepAliveResponse, error) {
	if k.stream == nil {
		var streaming context.Context
		streaming, k.cancel = context.WithCancel(ctx)
		stop := k.limit()
		stream, err := k.leases.LeaseKeepAlive(streaming)
		stop()
		if err != nil {
			k.close()
			return nil, err
		}
		k.stream = stream
	}
	defer k.limit()()
	// The reason why it cannot be sent is what is received.
	_ = k.stream.Send(&pb.LeaseKeepAliveRequest{ID: int64(k.id)})
	response, err := k.stream.Recv()
	if err != nil {
		k.close()
	}
	return response, err
}

// limit ends the stream after as long as one attempt may take, unless it is
// stopped.
func (k *Keeper) limit() (stop func()) {
	patience := firstAttempt
	if k.ttl > 0 {
		patience = k.ttl / attempts
	}
	patience = min(patience, time.Until(k.until))
	timer := time.AfterFunc(patience, crash.Guarded(k.cancel))
	return func() { timer.Stop() }
}

func (k *Keeper) close() {
	if k.cancel != nil {
		k.cancel()
	}
	k.stream, k.cancel = nil, nil
}

// noAnswer is the reason if no member answered.
const noAnswer = "no answer"

// words returns the reason why a lease was not renewed.
func words(err error) string {
	for _, e := range []error{err, status.FromContextError(err).Err()} { // that of a login is none of gRPC's
		if code := status.Code(e); code == codes.Canceled || code == codes.DeadlineExceeded { // by the limit of an attempt
			return noAnswer
		}
	}
	return status.Convert(err).Message()
}
