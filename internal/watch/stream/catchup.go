package stream

import "go.etcd.io/etcd/api/v3/mvccpb"

// extent describes a response that is being passed on.
type extent struct {
	start     int64 // first revision that it may have
	revisions int64 // number of revisions so far
	bytes     int64
}

// measure counts events that are passed on, and sets the next revision.
func (s *Stream) measure(events []*mvccpb.Event) {
	for _, e := range events {
		if revision := e.GetKv().GetModRevision(); revision >= s.next {
			s.next = revision + 1
			s.size.revisions++
		}
		for _, kv := range []*mvccpb.KeyValue{e.GetKv(), e.GetPrevKv()} {
			s.size.bytes += int64(len(kv.GetKey()) + len(kv.GetValue()))
		}
	}
}

const (
	// manyRevisions is how many revisions a response must have to count as split. The
	// server then probably has more old events.
	manyRevisions = 500
	// maxAhead is the max number of watches ahead. For each event, a server checks all
	// of them.
	maxAhead = 32
	// bytesAhead limits the expected size of the messages that are kept for them.
	bytesAhead = 8 << 20
)

// catchUp is called after each response. The next watch ahead becomes the current one if
// its first revision is reached. If no watch is ahead, and the current one lags far
// behind the revision of the server, catchUp creates watches ahead.
func (s *Stream) catchUp(revision int64) {
	for len(s.ahead) > 0 && s.ahead[0].start <= s.next {
		s.end(s.current)
		s.current, s.ahead = s.ahead[0], s.ahead[1:]
	}
	width := s.next - s.size.start
	if len(s.ahead) > 0 || s.size.revisions < manyRevisions {
		return
	}
	count := min(maxAhead, bytesAhead/(s.size.bytes+1), (revision-s.next)/width)
	for i := range count {
		w := &watch{start: s.next + (i+1)*width, wasAhead: true}
		s.ahead = append(s.ahead, w)
		s.create(w)
	}
}
