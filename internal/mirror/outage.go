package mirror

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
)

// sideOutage tracks the current outage of one side, and the pauses between the attempts
// to reach it.
type sideOutage struct {
	*outage.Outage

	mu      sync.Mutex
	backoff retry.Backoff
}

// The sides of a mirror, as warnings name them.
const (
	sideSource      = "source"
	sideDestination = "destination"
)

// onceTimeouts is the number of timeouts after which an outage ends a mirror with Once.
// Scripts wait for such a mirror. A member can restart in the meantime.
const onceTimeouts = 10

// newSideOutage returns a sideOutage without an outage. It warns when an outage has
// lasted for timeout, and when the outage is over. If giveUp is not nil, it is called with
// the reason when the outage has lasted for onceTimeouts timeouts.
func newSideOutage(client *etcd.Client, side string, timeout time.Duration, warn func(string), giveUp func(error)) *sideOutage {
	explain := func(reason error, outcome string) error {
		return client.Explain(context.Background(), diagnose.WithOutcome(reason, outcome))
	}
	var limit *time.Timer // of the reported outage; reports come one after another
	return &sideOutage{backoff: retry.Backoff{Min: minPause, Max: maxPause}, Outage: &outage.Outage{
		Patience: timeout,
		Overdue: func(reason error) {
			sentence := explain(reason, "still trying").Error()
			if side != sideDestination { // whose errors name it
				sentence = side + ": " + sentence
			}
			warn(sentence)
			if giveUp != nil {
				limit = time.AfterFunc((onceTimeouts-1)*timeout, crash.Guarded(func() {
					giveUp(explain(reason, fmt.Sprintf("gave up on the %s after %s", side, onceTimeouts*timeout)))
				}))
			}
		},
		Resumed: func(after time.Duration) {
			if limit != nil {
				limit.Stop()
			}
			warn(fmt.Sprintf("%s: answers again after %s", side, after.Round(time.Second)))
		},
	}}
}

// Pauses between attempts. The longest is short, because a user may be waiting for the
// cluster to come back.
const (
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// wait waits before another attempt after err. If ctx ends first, it returns the cause.
func (o *sideOutage) wait(ctx context.Context, err error) error {
	began := time.Now()
	if retry.Is(err, retry.TimedOut) && o.Outage != nil { // the attempt itself took that long
		began = began.Add(-o.Patience)
	}
	o.Failed(began, err)
	o.Report()
	o.mu.Lock()
	pause := o.backoff.Next()
	o.mu.Unlock()
	return retry.Wait(ctx, pause)
}

// over ends the outage after a successful attempt.
func (o *sideOutage) over() {
	o.mu.Lock()
	o.backoff.Reset()
	o.mu.Unlock()
	o.End()
}

// passing are the classes of errors that are retried. After a change of users or roles
// the client logs in again.
const passing = retry.Transient | retry.TimedOut | retry.Overloaded | retry.StaleToken | retry.Aborted

func passes(err error) bool { return retry.Is(err, passing) }
