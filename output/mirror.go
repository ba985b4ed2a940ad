package output

import "strconv"

// MirrorProgress reports the progress of "make-mirror". etcdctl writes the same number in
// each of its formats.
type MirrorProgress struct {
	Count    int64 // number of keys written and deleted
	Revision int64 // last source revision that is fully applied; 0 during the initial copy
}

// Simple implements Result.
func (r MirrorProgress) Simple(t *Text) { t.Linef("%d", r.Count) }

func (r MirrorProgress) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result, for csv.
func (r MirrorProgress) Table() TableData {
	return oneRow("count", strconv.FormatInt(r.Count, 10), "revision", strconv.FormatInt(r.Revision, 10))
}

// Document implements Result.
func (r MirrorProgress) Document() Object {
	return Object{{"count", r.Count}, {"revision", r.Revision}}
}
