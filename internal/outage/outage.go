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

// Outage measures how long no server has answered. Several goroutines may share one. A
// nil Outage does nothing.
type Outage struct {
	// Patience is how long an outage lasts until it is reported.
	Patience time.Duration

	// Overdue is called with the reason: the last error of a server, or
	// context.DeadlineExceeded if no server has returned one.
	Overdue func(reason error)

	// Resumed is called after Overdue when a server answers again.
	Resumed func(after time.Duration)

	reporting sync.Mutex // held during a report, so that they come in order
	mu        sync.Mutex
	since     time.Time // zero: no outage
	reason    error     // of the last failed attempt; nil: none has failed
	reported  bool
}

// Begin notes that a request begins. The outage begins now, unless it has begun already.
func (o *Outage) Begin() { o.Failed(time.Now(), nil) }

// Failed notes a transient failure of an attempt that began at began. If reason is nil,
// the attempt has not failed yet.
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

// Due returns a channel that receives a value when the outage is to be reported. It is
// nil if there is no outage, or if the outage was reported already.
func (o *Outage) Due() <-chan time.Time {
	if in, due := o.left(); due {
		return time.After(in)
	}
	return nil
}

// left returns the time until the outage is to be reported. due is false if there is no
// outage, or if it was reported already.
func (o *Outage) left() (in time.Duration, due bool) {
	if o == nil {
		return 0, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Until(o.since.Add(o.Patience)), !o.since.IsZero() && !o.reported
}

// Report reports the outage if it is due and was not reported yet.
func (o *Outage) Report() {
	if in, due := o.left(); !due || in > 0 {
		return
	}
	o.reporting.Lock()
	defer o.reporting.Unlock()
	o.mu.Lock()
	due := !o.since.IsZero() && !o.reported
	o.reported = o.reported || due
	reason := context.DeadlineExceeded
	if served, ok := errors.AsType[rpctypes.EtcdError](o.reason); ok {
		reason = served
	}
	o.mu.Unlock()
	if due && o.Overdue != nil {
		o.Overdue(reason)
	}
}

// End notes that a server has answered. If the outage was reported, End calls Resumed.
func (o *Outage) End() {
	if o == nil {
		return
	}
	o.reporting.Lock()
	defer o.reporting.Unlock()
	o.mu.Lock()
	reported, since := o.reported, o.since
	o.since, o.reason, o.reported = time.Time{}, nil, false
	o.mu.Unlock()
	if reported && o.Resumed != nil {
		o.Resumed(time.Since(since))
	}
}

// Attempt runs a request. If the outage becomes due meanwhile, it is reported. passes
// reports whether an error is transient. Any other result ends the outage.
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
		o.Report() // the next attempt may be too short to report it
	} else {
		o.End()
	}
	return err
}
