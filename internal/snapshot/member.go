package snapshot

import (
	"context"
	"fmt"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Pick determines which of several members is copied.
type Pick string

// The picks.
const (
	Leader   Pick = "leader"
	Follower Pick = "follower"
	Any      Pick = "any"
)

// suits reports whether the member with status s is of the kind p.
func (p Pick) suits(s *clientv3.StatusResponse) bool {
	leads := s.Leader == s.Header.GetMemberId()
	switch p {
	case Leader:
		return leads
	case Follower:
		return !leads && !s.IsLearner
	case Any:
	}
	return true
}

// Member is a member that can be copied.
type Member struct {
	Client *etcd.Client
	Status *clientv3.StatusResponse

	end context.CancelFunc
}

// Close closes the member's client.
func (m *Member) Close() {
	if m.Client != nil {
		_ = m.Client.Close()
	}
	m.end()
}

// answer is the response of one endpoint.
type answer struct {
	*Member
	place int   // index among the endpoints
	err   error // why it cannot be copied
}

// Find returns the member to copy. It queries all endpoints of dialer concurrently, and
// returns the first suitable member. Each must answer within timeout, but the copy
// itself has no time limit. The client of the member ends with ctx. If no member is
// suitable, Find returns the first error in the order of the endpoints.
func Find(ctx context.Context, dialer *etcd.Dialer, timeout time.Duration, pick Pick) (*Member, error) {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer)
	for place, endpoint := range dialer.Endpoints {
		crash.Go(func() {
			a := ask(ctx, asking, dialer, timeout, endpoint)
			a.place = place
			select {
			case answers <- a:
			case <-asking.Done():
				a.Close()
			}
		})
	}
	failures := make([]error, len(dialer.Endpoints))
	for range dialer.Endpoints {
		select {
		case a := <-answers:
			if a.err == nil && pick.suits(a.Status) {
				return a.Member, nil
			}
			failures[a.place] = a.err
			a.Close()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("no %s among the endpoints [%s]", pick, strings.Join(dialer.Endpoints, " "))
}

// ask requests the status of a member, until asking ends. Its client ends with ctx.
func ask(ctx, asking context.Context, dialer *etcd.Dialer, timeout time.Duration, endpoint string) answer {
	ctx, cancel := context.WithCancel(ctx)
	a := answer{Member: &Member{end: cancel}}
	defer context.AfterFunc(asking, crash.Guarded(cancel))() // a login does not use the context asking
	if a.Client, a.err = dialer.Dial(ctx, []string{endpoint}); a.err != nil {
		return a
	}
	timed, cancelTimed := context.WithTimeout(ctx, timeout)
	defer cancelTimed()
	if a.Status, a.err = a.Client.Status(timed, endpoint); a.err != nil {
		a.err = a.Client.Explain(ctx, a.err)
	}
	return a
}
