package mirror

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
)

// sideOutage is for how long one side has not carried out a request, and how often it
// was asked meanwhile.
type sideOutage struct {
	*outage.Outage

	mu      sync.Mutex
	backoff retry.Backoff
}

// newSideOutage returns the outage of one side. It is reported when it has lasted for
// the timeout, and when it is over.
func newSideOutage(client *etcd.Client, side string, timeout time.Duration, warn func(string)) *sideOutage {
	return &sideOutage{backoff: retry.Backoff{Min: shortestPause, Max: longestPause}, Outage: &outage.Outage{
		Patience: timeout,
		Overdue: func(reason error) {
			warn(fmt.Sprintf("%s: %v", side, client.Explain(context.Background(), diagnose.WithOutcome(reason, "still trying"))))
		},
		Resumed: func(after time.Duration) {
			warn(fmt.Sprintf("%s: answers again after %s", side, after.Round(time.Second)))
		},
	}}
}

// Pauses before another attempt. The longest is short for a user who waits until a
// cluster comes back.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second
)

// wait waits before another attempt after err. It returns the cause of ctx's end
// when that comes first.
func (o *sideOutage) wait(ctx context.Context, err error) error {
	began := time.Now()
	if retry.Is(err, retry.TimedOut) && o.Outage != nil { // that long it has been already
		began = began.Add(-o.Patience)
	}
	o.Failed(began, err)
	o.Report()
	o.mu.Lock()
	pause := o.backoff.Next()
	o.mu.Unlock()
	return retry.Wait(ctx, pause)
}

// over says that an attempt has succeeded.
func (o *sideOutage) over() {
	o.mu.Lock()
	o.backoff.Reset()
	o.mu.Unlock()
	o.End()
}

// passing are the errors whose reasons pass by themselves. After a change of users or
// roles the client logs in again.
const passing = retry.Transient | retry.TimedOut | retry.Overloaded | retry.StaleToken | retry.Aborted

func passes(err error) bool { return retry.Is(err, passing) }
