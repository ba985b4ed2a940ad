// Package outage warns if no server has answered for too long: once, with the reason,
// and once more when a server answers again. Commands that run until they are
// interrupted would otherwise be silent.
package outage

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/crash"
)

// Outage is the time for which no server has answered. Several goroutines may share
// one. A nil Outage does nothing.
type Outage struct {
	// Patience is how long an outage lasts until it is reported.
	Patience time.Duration

	// Overdue is called with the reason: the server's own, if it has given one, and
	// else context.DeadlineExceeded, as the client knows more of it.
	Overdue func(reason error)

	// Resumed is called after Overdue when a server answers again.
	Resumed func(after time.Duration)

	reporting sync.Mutex // held during a report, so that they come in order
	mu        sync.Mutex
	since     time.Time // zero while there is none
	reason    error     // of the last attempt, nil: it has not ended
	said      bool
}

// Begin notes that a server is asked. The outage begins unless it has already.
func (o *Outage) Begin() { o.Failed(time.Now(), nil) }

// Failed notes that an attempt that began then has failed for a reason that passes.
func (o *Outage) Failed(began time.Time, reason error) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since = began
	}
	if reason != nil {
		o.reason = reason
	}
}

// Due returns a channel for when the outage is to be reported. It is nil if there is
// none, or if it was reported.
func (o *Outage) Due() <-chan time.Time {
	if in, due := o.left(); due {
		return time.After(in)
	}
	return nil
}

// left is how long it takes until the outage is to be reported.
func (o *Outage) left() (in time.Duration, due bool) {
	if o == nil {
		return 0, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Until(o.since.Add(o.Patience)), !o.since.IsZero() && !o.said
}

// Report reports the outage, if it is due.
func (o *Outage) Report() {
	if in, due := o.left(); !due || in > 0 {
		return
	}
	o.reporting.Lock()
	defer o.reporting.Unlock()
	o.mu.Lock()
	due := !o.since.IsZero() && !o.said
	o.said = o.said || due
	reason := context.DeadlineExceeded
	if served, ok := errors.AsType[rpctypes.EtcdError](o.reason); ok {
		reason = served
	}
	o.mu.Unlock()
	if due && o.Overdue != nil {
		o.Overdue(reason)
	}
}

// End notes that a server has answered.
func (o *Outage) End() {
	if o == nil {
		return
	}
	o.reporting.Lock()
	defer o.reporting.Unlock()
	o.mu.Lock()
	said, since := o.said, o.since
	o.since, o.reason, o.said = time.Time{}, nil, false
	o.mu.Unlock()
	if said && o.Resumed != nil {
		o.Resumed(time.Since(since))
	}
}

// Attempt runs a request during which the outage is reported when it is due. passes
// says whether an error of the request leaves the outage as it is.
func (o *Outage) Attempt(request func() error, passes func(error) bool) error {
	if o == nil {
		return request()
	}
	began := time.Now()
	o.Failed(began, nil)
	if in, due := o.left(); due {
		timer := time.AfterFunc(in, crash.Guarded(o.Report))
		defer timer.Stop()
	}
	err := request()
	if err != nil && passes(err) {
		o.Failed(began, err)
		o.Report() // a further attempt may be too short
	} else {
		o.End()
	}
	return err
}
