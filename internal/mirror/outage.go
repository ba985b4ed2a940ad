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
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
)

// sideOutage is for how long one side has not carried out a request, and how often it
// was asked meanwhile.
type sideOutage struct {
	*outage.Outage

	mu     sync.Mutex
	pauses int
}

// newSideOutage returns the outage of one side. It is reported when it has lasted for
// the timeout, and when it is over.
func newSideOutage(client *etcd.Client, side string, timeout time.Duration, warn func(string)) *sideOutage {
	return &sideOutage{Outage: &outage.Outage{
		Patience: timeout,
		Overdue: func(reason error) {
			warn(fmt.Sprintf("%s: %v", side, client.Explain(context.Background(), diagnose.WithOutcome(reason, "still trying"))))
		},
		Resumed: func(after time.Duration) {
			warn(fmt.Sprintf("%s: answers again after %s", side, after.Round(time.Second)))
		},
	}}
}

// Pauses before another attempt, the longest of which is short for somebody who
// waits for a cluster to come back.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second
)

// wait waits before another attempt after err. It returns the cause of ctx's end
// when that comes first.
func (o *sideOutage) wait(ctx context.Context, err error) error {
	began := time.Now()
	if timedOut(err) && o.Outage != nil { // that long it has been already
		began = began.Add(-o.Patience)
	}
	o.Failed(began, err)
	o.Report()
	o.mu.Lock()
	pause := min(shortestPause<<min(o.pauses, 10), longestPause)
	o.pauses++
	o.mu.Unlock()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}

// over says that an attempt has succeeded.
func (o *sideOutage) over() {
	o.mu.Lock()
	o.pauses = 0
	o.mu.Unlock()
	o.End()
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
