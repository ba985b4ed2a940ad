package keepalive

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/outage"
)

func TestWhyALeaseWasNotRenewed(t *testing.T) {
	for want, errs := range map[string][]error{
		"no answer": {
			status.Error(codes.Canceled, "context canceled"), status.Error(codes.DeadlineExceeded, "context deadline exceeded"),
			context.Canceled, fmt.Errorf("log in: %w", context.DeadlineExceeded),
		},
		"etcdserver: no leader": {status.Error(codes.Unavailable, "etcdserver: no leader")},
		"something else":        {errors.New("something else")},
	} {
		t.Run(want, func(t *testing.T) {
			for _, err := range errs {
				if got := words(err); got != want {
					t.Errorf("%v is said as %q, want %q", err, got, want)
				}
			}
		})
	}
}

// silent answers a number of renewals, and then nothing.
type silent struct {
	pb.LeaseClient
	answers int
	ttl     int64
}

func (s *silent) LeaseKeepAlive(ctx context.Context, _ ...grpc.CallOption) (pb.Lease_LeaseKeepAliveClient, error) {
	return &silentStream{ctx: ctx, silent: s}, nil
}

type silentStream struct {
	pb.Lease_LeaseKeepAliveClient
	ctx    context.Context //nolint:containedctx // a stream has one
	silent *silent
}

func (s *silentStream) Send(*pb.LeaseKeepAliveRequest) error { return nil }

func (s *silentStream) Recv() (*pb.LeaseKeepAliveResponse, error) {
	if s.silent.answers > 0 {
		s.silent.answers--
		return &pb.LeaseKeepAliveResponse{TTL: s.silent.ttl}, nil
	}
	<-s.ctx.Done()
	return nil, status.FromContextError(s.ctx.Err()).Err()
}

// A keeper knows that its lease may be gone as soon as it may be, counted
// from when it was last renewed.
func TestALeaseIsGivenUpInTime(t *testing.T) {
	for seconds := range int64(10) {
		synctest.Test(t, func(t *testing.T) {
			begin, ttl := time.Now(), time.Duration(1+seconds)*time.Second
			leases := &silent{answers: 4, ttl: 1 + seconds}
			k := &Keeper{unreachable: func() error { return nil }, leases: leases, ttl: ttl, until: begin.Add(ttl)}
			renewed := begin
			err := k.Keep(t.Context(), func(*pb.LeaseKeepAliveResponse) error {
				renewed = time.Now()
				return nil
			})
			if took := time.Since(renewed); err == nil || errors.Is(err, ErrGone) || took != ttl || leases.answers > 0 {
				t.Errorf("Keep = %v, %s after the last renewal for %s", err, took, ttl)
			}
		})
	}
}

// While no server answers that is said, with an attempt still under way.
func TestALeaseThatNoMemberRenewsIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl = 600
		leases := &silent{answers: 1, ttl: ttl}
		var said []time.Duration // after the renewal
		renewed := time.Now()
		k := &Keeper{unreachable: func() error { return nil }, leases: leases, until: renewed.Add(5 * time.Second)}
		k.Outage = &outage.Outage{
			Patience: 5 * time.Second,
			Overdue:  func(error) { said = append(said, time.Since(renewed)); leases.answers = 1 },
			Resumed:  func(time.Duration) { said = append(said, time.Since(renewed)) },
		}
		answers := 0
		err := k.Keep(t.Context(), func(*pb.LeaseKeepAliveResponse) error {
			if answers++; answers == 2 {
				return errors.New("enough")
			}
			return nil
		})
		overdue := ttl*time.Second/renewals + 5*time.Second
		if len(said) != 2 || said[0] != overdue || answers != 2 {
			t.Errorf("Keep = %v after %d answers; reported after %v, the first time should be %s", err, answers, said, overdue)
		}
	})
}
