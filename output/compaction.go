package output

import "strconv"

// Compacted is the result of "compaction". etcdctl writes the same line of it
// in each of its formats.
type Compacted struct{ Revision int64 }

// Simple implements Result.
func (r Compacted) Simple(t *Text) { t.Linef("compacted revision %d", r.Revision) }

func (r Compacted) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result.
func (r Compacted) Table() TableData {
	return oneRow("compacted revision", strconv.FormatInt(r.Revision, 10))
}

// Document implements Result.
func (r Compacted) Document() Object { return Object{{"compacted_revision", r.Revision}} }
