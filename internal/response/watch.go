package response

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

const methodWatch = "Watch"

// Watch checks the events of one watch against its request.
type Watch struct {
	Key, End string // as in a WatchCreateRequest: "" is the key alone, "\x00" open
	Revision int64  // first requested revision; 0: only new events
	PrevKV   bool   // previous keys were requested

	last int64 // revision of the last event
}

// Check checks the next events, from a response at the store's revision newest. Each
// event must have a key inside the range, and revisions must not decrease. The error is
// an *Error.
func (w *Watch) Check(events []*mvccpb.Event, newest int64) error {
	from, end := []byte(w.Key), []byte(w.End)
	for _, e := range events {
		kv := e.GetKv()
		switch {
		case kv == nil:
			return faultf(methodWatch, "has an event without a key")
		case !inside(kv.GetKey(), from, end):
			return faultf(methodWatch, "has an event of the key %s, which is outside the watched range", quoted(kv.GetKey()))
		case kv.GetModRevision() <= 0 || kv.GetModRevision() < w.Revision:
			return faultf(methodWatch, "has an event of revision %d, before the requested %d", kv.GetModRevision(), w.Revision)
		case kv.GetModRevision() > newest:
			return faultf(methodWatch, "has an event of revision %d, after the store's %d", kv.GetModRevision(), newest)
		case kv.GetModRevision() < w.last:
			return faultf(methodWatch, "has an event of revision %d, after one of %d", kv.GetModRevision(), w.last)
		case e.GetPrevKv() != nil && !w.PrevKV:
			return faultf(methodWatch, "has a previous key, which was not requested")
		case e.GetPrevKv() != nil && string(e.GetPrevKv().GetKey()) != string(kv.GetKey()):
			return faultf(methodWatch, "has the previous key %s of the key %s", quoted(e.GetPrevKv().GetKey()), quoted(kv.GetKey()))
		}
		w.last = kv.GetModRevision()
	}
	return nil
}

// CheckWatchHeader checks the header of a WatchResponse, but not its events.
func CheckWatchHeader(r *pb.WatchResponse) error { return checkHeader(methodWatch, r) }

// watches checks the responses of a stream of watches.
type watches struct {
	creating []*Watch // in the order of their requests
	byID     map[int64]*Watch
}

func (w *watches) sent(q *pb.WatchRequest) {
	c := q.GetCreateRequest()
	if c == nil {
		return
	}
	w.creating = append(w.creating, &Watch{
		Key: string(c.GetKey()), End: string(c.GetRangeEnd()), Revision: c.GetStartRevision(), PrevKV: c.GetPrevKv(),
	})
}

func (w *watches) next(r *pb.WatchResponse) error {
	if err := CheckWatchHeader(r); err != nil {
		return err
	}
	if r.GetCreated() {
		if len(w.creating) == 0 {
			return faultf(methodWatch, "creates a watch that was not requested")
		}
		created := w.creating[0]
		w.creating = w.creating[1:]
		if r.GetCanceled() { // it was refused
			return nil
		}
		if w.byID == nil {
			w.byID = map[int64]*Watch{}
		}
		if r.GetWatchId() < 0 || w.byID[r.GetWatchId()] != nil { // the client library would hang
			return faultf(methodWatch, "creates a second watch with the ID %d", r.GetWatchId())
		}
		w.byID[r.GetWatchId()] = created
	}
	if len(r.GetEvents()) == 0 {
		return nil
	}
	of := w.byID[r.GetWatchId()]
	if of == nil {
		return faultf(methodWatch, "has events of an unknown watch")
	}
	return of.Check(r.GetEvents(), r.GetHeader().GetRevision())
}
