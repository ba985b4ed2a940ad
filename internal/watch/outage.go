package watch

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// outage is how long there has been no watch.
type outage struct {
	since  time.Time // zero while there is a watch
	reason error     // of the last attempt, nil: it has not ended
	said   bool
}

// settleTime is how long a watch has to last until it counts, unless something
// comes before. A server or a proxy may accept each watch and end it at once.
const settleTime = time.Second

// begin notes that the watch has ended for a reason that passes.
func (o *outage) begin(reason error) {
	if o.since.IsZero() {
		o.since = time.Now()
	}
	o.reason = reason
}

// overdue returns a channel for when the outage has lasted for so long. It is nil
// if there is none, or if that was said.
func (o *outage) overdue(patience time.Duration) <-chan time.Time {
	if o.since.IsZero() || o.said {
		return nil
	}
	return time.After(time.Until(o.since.Add(patience)))
}

// sayOverdue reports the outage. The reason is the server's own, if it has given
// one; otherwise there was no answer, and the client knows more of it.
func (w *Watch) sayOverdue() {
	w.outage.said = true
	reason := context.DeadlineExceeded
	if served, ok := errors.AsType[rpctypes.EtcdError](w.outage.reason); ok {
		reason = served
	}
	if w.Overdue != nil {
		w.Overdue(reason)
	}
}

// resumed notes that there is a watch.
func (w *Watch) resumed() {
	said := w.outage.said
	w.outage, w.pauses = outage{}, 0
	if said && w.Resumed != nil {
		w.Resumed()
	}
}
