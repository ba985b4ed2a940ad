package output

import "strconv"

// Compaction is the result of "compaction". etcdctl writes the same line in each of its
// formats.
type Compaction struct{ Revision int64 }

// Simple implements Result.
func (r Compaction) Simple(t *Text) { t.Linef("compacted revision %d", r.Revision) }

func (r Compaction) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result.
func (r Compaction) Table() TableData {
	return oneRow("compacted revision", strconv.FormatInt(r.Revision, 10))
}

// Document implements Result.
func (r Compaction) Document() Object { return Object{{"compacted_revision", r.Revision}} }
