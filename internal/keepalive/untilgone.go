package keepalive

import (
	"context"
	"errors"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/outage"
)

// UntilGone keeps a lease alive until it does not exist, and calls renewed with each
// response. If no member answers for the TTL of the lease, UntilGone queries the remaining
// time. The patience of missing limits each query. A new leader renews every lease, so the
// lease may still live. If ctx ends, UntilGone returns the cause. If renewed fails, it
// returns that error.
func UntilGone(ctx context.Context, client *etcd.Client, id clientv3.LeaseID, missing *outage.Outage, renewed func(*pb.LeaseKeepAliveResponse) error) error {
	var failed error
	for left := missing.Patience; ; {
		keeper := New(client, id, 0, time.Now().Add(left))
		keeper.Outage = missing
		err := keeper.Keep(ctx, func(r *pb.LeaseKeepAliveResponse) error {
			failed = renewed(r)
			return failed
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case failed != nil || errors.Is(err, ErrGone):
			return failed
		}
		if left, err = timeToLive(ctx, client, id, missing.Patience); err != nil {
			return exit.With(exit.BadConnection, err)
		}
		if left <= 0 {
			return nil
		}
	}
}

func timeToLive(ctx context.Context, client *etcd.Client, id clientv3.LeaseID, timeout time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := client.TimeToLive(ctx, id)
	if err != nil {
		return 0, err
	}
	return time.Duration(response.TTL) * time.Second, nil
}
