package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/retry"
)

// outage is how long one side has not carried out a request. It is reported when it
// lasts, and when it is over.
type outage struct {
	client   *etcd.Client
	side     string
	patience time.Duration // after which it is said
	warn     func(string)

	mu     sync.Mutex
	since  time.Time // zero while there is none
	said   bool
	pauses int
}

// Pauses before another attempt, the longest of which is short for somebody who
// waits for a cluster to come back.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second
)

// wait waits before another attempt after err. It returns the cause of ctx's end
// when that comes first.
func (t *outage) wait(ctx context.Context, err error) error {
	t.mu.Lock()
	if t.since.IsZero() {
		t.since = time.Now()
		if timedOut(err) { // that long it has been already
			t.since = t.since.Add(-t.patience)
		}
	}
	say := !t.said && time.Since(t.since) >= t.patience
	t.said = t.said || say
	pause := min(shortestPause<<min(t.pauses, 10), longestPause)
	t.pauses++
	t.mu.Unlock()
	if say {
		t.warn(fmt.Sprintf("%s: %v", t.side, t.client.Explain(ctx, diagnose.WithOutcome(err, "still trying"))))
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}

// over says that an attempt has succeeded.
func (t *outage) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.said {
		t.warn(fmt.Sprintf("%s: answers again after %s", t.side, time.Since(t.since).Round(time.Second)))
	}
	t.since, t.said, t.pauses = time.Time{}, false, 0
}

// passes says whether the reason for err passes by itself.
func passes(err error) bool {
	switch {
	case timedOut(err), errors.Is(err, rpctypes.ErrTooManyRequests):
		return true
	case errors.Is(err, rpctypes.ErrAuthOldRevision):
		return true // the login is made anew
	}
	switch status.Code(err) {
	case codes.Canceled, codes.Aborted:
		return true
	}
	return retry.IsTransient(err)
}

func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || status.Code(err) == codes.DeadlineExceeded
}
