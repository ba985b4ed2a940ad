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

// A lease is renewed three times within its TTL. Each attempt leaves time for another
// one, which goes to another member.
const (
	renewals     = 3
	attempts     = 6
	firstAttempt = 2 * time.Second // while the TTL is unknown
	pause        = 100 * time.Millisecond
)

// Keeper keeps one lease alive.
type Keeper struct {
	// Outage is the time without an answer, counted once the TTL is known. It may be nil.
	Outage *outage.Outage

	unreachable func() error
	leases      pb.LeaseClient
	id          clientv3.LeaseID
	ttl         time.Duration // 0: unknown
	until       time.Time     // the lease lives at least until then

	stream pb.Lease_LeaseKeepAliveClient // nil: not open
	cancel context.CancelFunc            // of the stream
}

// New returns the keeper of a lease that lives at least until the time until. ttl is the
// TTL of the lease, counted from the request that returned it. If ttl is 0, it is
// unknown, and the keeper waits until then for an answer.
func New(client *etcd.Client, id clientv3.LeaseID, ttl time.Duration, until time.Time) *Keeper {
	return &Keeper{unreachable: client.Unreachable, leases: clientv3.RetryLeaseClient(client.Client), id: id, ttl: ttl, until: until}
}

// Keep keeps the lease alive, and calls renewed with each response. If ctx ends, Keep
// returns the cause. If renewed fails, it returns that error. It returns ErrGone if the
// lease does not exist. Any other error reports why no member could renew the lease.
func (k *Keeper) Keep(ctx context.Context, renewed func(*pb.LeaseKeepAliveResponse) error) error {
	defer k.close()
	reason := noAnswer // why the lease was not renewed since the last success
	for {
		asked := time.Now()
		response, err := k.ask(ctx)
		wait := pause
		if said := words(err); err != nil && said != noAnswer { // an attempt may be too short
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
		default: // after k.until, another client may hold what the lease protects
			wait = min(wait, time.Until(k.until))
		}
		if err := retry.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

// ask renews the lease. An attempt without an answer counts for the outage.
func (k *Keeper) ask(ctx context.Context) (response *pb.LeaseKeepAliveResponse, err error) {
	o := k.Outage
	if k.ttl == 0 {
		o = nil // the caller stops trying in time
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
	// If sending fails, Recv returns the reason.
	_ = k.stream.Send(&pb.LeaseKeepAliveRequest{ID: int64(k.id)})
	response, err := k.stream.Recv()
	if err != nil {
		k.close()
	}
	return response, err
}

// limit cancels the stream when an attempt takes too long, unless stop is called first.
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

// words returns the reason in err for which a lease was not renewed.
func words(err error) string {
	for _, e := range []error{err, status.FromContextError(err).Err()} { // login errors are not gRPC's
		if code := status.Code(e); code == codes.Canceled || code == codes.DeadlineExceeded { // by the limit of an attempt
			return noAnswer
		}
	}
	return status.Convert(err).Message()
}
