// Package stream reads the events of keys, from a revision on and in order.
//
// It uses the API's watch stream directly. The client library would read as fast as the
// server sends, and buffer all events that the reader has not taken yet. Here the next
// message is received only on demand, and gRPC's flow control makes the server wait. A
// large response is decoded and passed on in parts.
//
// # Catching up
//
// A server sends old events in rounds, one every 100 ms. In a round, every watch gets
// the events of at most 1000 revisions. If a response seems to be one round of several,
// further watches are opened on the same stream. They are ahead of the first one, and as
// far apart as that response was wide. So each round brings a part for all of them.
//
// The result does not depend on how the server splits events. A watch continues until it
// has reached the start of the next one. Only then the next one takes its place, with
// the events that were not passed on yet. If this is impossible, the stream ends with an
// error, and its reader starts again after the last revision that it has.
package stream

import (
	"context"
	"slices"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/response"
	"github.com/ectl-io/ectl/internal/wire"
)

// Query is what to read the events of.
type Query struct {
	Key, End       string // as in a WatchCreateRequest: "" is the key alone, "\x00" open
	Revision       int64  // the first one; 0: what is to come
	PrevKV         bool   // with each key as it was before
	ProgressNotify bool   // also say now and then how far it has come
}

// Part is a response of the server, or a part of one: Fragment says that more
// of it follows. All events of a revision are in one part.
type Part struct {
	*pb.WatchResponse
	Continues bool // it is not the first part

	chunks []*chunk // of its events
}

// Free gives the memory of the events back, where they and all that they have
// are not needed any more. It may be called once, and need not be.
func (p Part) Free() {
	for _, c := range p.chunks {
		c.release()
	}
}

// IsProgress says whether the part is a notice of how far the stream has come.
func (p Part) IsProgress() bool {
	return len(p.Events) == 0 && !p.Created && !p.Canceled && !p.Fragment && !p.Continues && p.CompactRevision == 0 && p.Header.GetRevision() != 0
}

// Source is what events are read from: a Stream, or a test's.
type Source interface {
	Recv() (Part, error)
	RequestProgress()
	Close()
}

// Stream is one stream of events. Its methods are for one goroutine, except
// RequestProgress and Close.
type Stream struct {
	stream stream
	query  Query
	cancel context.CancelFunc

	creating []*watch // whose creation the server has not answered, in order
	current  *watch   // whose parts are handed on
	ahead    []*watch // by their first revision
	byID     map[int64]*watch

	open   *message        // is being handed on; nil: none
	next   int64           // the first revision that was not handed on
	begun  bool            // a part of it was handed on, and more of it follows
	inside bool            // a part of it was decoded, and more of it follows
	held   []*mvccpb.Event // of a revision that the next part may go on with
	chunks []*chunk        // of those
	size   extent          // of the one that is being handed on

	sending sync.Mutex
}

// stream is the API's stream of watches.
type stream interface {
	Send(*pb.WatchRequest) error
	Recv() (*message, error)
}

// watch is one watch on the stream.
type watch struct {
	start    int64 // its first revision
	id       int64
	wasAhead bool
	closed   bool       // the server was told to end it
	kept     []*message // of one that was ahead, not handed on yet
	check    response.Watch
}

// extent is what is known of a response that is being handed on.
type extent struct {
	start     int64 // the first revision that it may have
	revisions int64 // that it has
	bytes     int64
}

// method is the RPC of watches.
const method = "/etcdserverpb.Watch/Watch"

// Open begins to read q, as soon as there is a connection. The stream ends
// with ctx, and at the latest with Close.
func Open(ctx context.Context, conn grpc.ClientConnInterface, q Query, options ...grpc.CallOption) (*Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := wire.Open[*pb.WatchRequest](ctx, conn, method, decode, append(options, grpc.WaitForReady(true))...)
	if err != nil {
		cancel()
		return nil, rpctypes.Error(err)
	}
	return begin(stream, q, cancel), nil
}

func begin(stream stream, q Query, cancel context.CancelFunc) *Stream {
	s := &Stream{stream: stream, query: q, cancel: cancel, byID: map[int64]*watch{}, next: q.Revision}
	s.current = &watch{start: q.Revision}
	s.create(s.current)
	return s
}

// Close ends the stream.
func (s *Stream) Close() { s.cancel() }

// RequestProgress asks the server to say how far the stream has come.
func (s *Stream) RequestProgress() {
	s.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}})
}

// send sends a request. Where that fails Recv says why.
func (s *Stream) send(r *pb.WatchRequest) {
	s.sending.Lock()
	defer s.sending.Unlock()
	_ = s.stream.Send(r)
}

func (s *Stream) create(w *watch) {
	w.check = response.Watch{Key: s.query.Key, End: s.query.End, Revision: w.start, PrevKV: s.query.PrevKV}
	s.creating = append(s.creating, w)
	s.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{
		Key: []byte(s.query.Key), RangeEnd: []byte(s.query.End), StartRevision: w.start,
		PrevKv: s.query.PrevKV, ProgressNotify: s.query.ProgressNotify,
	}}})
}

// end tells the server to end a watch. What it has sent by then still comes.
func (s *Stream) end(w *watch) {
	if w.closed {
		return
	}
	w.closed = true
	if s.byID[w.id] == w {
		s.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: w.id}}})
	}
}

// errGap ends a stream of which a watch ahead is gone that the one before it
// relied on. It is an error after which a stream is begun anew.
func errGap() error {
	return status.Error(codes.Unavailable, "a part of the events is missing")
}

// Recv returns the next part: in the order of revisions, each event once. The
// error is that of the stream, as package rpctypes has it where it is the
// server's.
func (s *Stream) Recv() (Part, error) {
	for {
		if s.open == nil {
			if err := s.receive(); err != nil {
				return Part{}, err
			}
			continue
		}
		part, some, err := s.take()
		if err != nil || some {
			return part, err
		}
		part.Free()
	}
}

// receive receives a message. It is the open one then, where it is of the
// current watch and is to be handed on.
func (s *Stream) receive() error {
	if w := s.current; len(w.kept) > 0 {
		s.open = w.kept[0]
		w.kept = slices.Delete(w.kept, 0, 1)
		return nil
	} else if w.closed {
		return errGap()
	}
	m, err := s.stream.Recv()
	if err != nil {
		return rpctypes.Error(err)
	}
	if err := response.CheckWatchHeader(m.WatchResponse); err != nil {
		return err
	}
	switch w := s.watchOf(m); {
	case w == nil:
		m.free()
	case w != s.current:
		return s.keep(w, m)
	case m.Created && w.wasAhead && m.Canceled:
		return errGap() // before it was there
	case m.Created && w.wasAhead:
	default:
		s.open = m
	}
	return nil
}

// watchOf returns the watch that a message is of, or nil where it is of none
// any more.
func (s *Stream) watchOf(m *message) *watch {
	switch {
	case m.Created && len(s.creating) > 0:
		w := s.creating[0]
		s.creating = s.creating[1:]
		w.id = m.WatchId
		if !m.Canceled {
			s.byID[w.id] = w
		}
		if w.closed { // before it was there
			w.closed = false
			s.end(w)
			return nil
		}
		return w
	case m.WatchId == progressID:
		return s.current // which has come that far by itself
	}
	w := s.byID[m.WatchId]
	if m.Canceled {
		delete(s.byID, m.WatchId)
	}
	if w != nil && w.closed && w != s.current {
		return nil
	}
	return w
}

// progressID stands for all watches of a stream in the answer to a request for
// progress.
const progressID = -1

// keep keeps a message of a watch that is ahead.
func (s *Stream) keep(w *watch, m *message) error {
	switch {
	case m.Canceled:
		s.ahead = slices.DeleteFunc(s.ahead, func(a *watch) bool { return a == w })
		return nil
	case !m.more(): // it was created, or tells its own progress
		return nil
	}
	w.kept = append(w.kept, m)
	i := slices.Index(s.ahead, w)
	if i+1 == len(s.ahead) {
		return nil
	}
	last, err := m.last()
	if err == nil && last+1 >= s.ahead[i+1].start {
		s.end(w) // the next one has the rest
	}
	return err
}

func lastRevision(events []*mvccpb.Event) int64 {
	return events[len(events)-1].GetKv().GetModRevision()
}

// take takes a part of the open message for being handed on. There may be
// nothing of it left to hand on.
func (s *Stream) take() (Part, bool, error) {
	m := s.open
	if !m.more() { // it has no events, and had none
		s.open = nil
		part := Part{WatchResponse: m.WatchResponse}
		switch {
		case m.Created && s.next == 0:
			s.next = m.Header.GetRevision() + 1
		case part.IsProgress():
			// It has caught up. What it is still to bring comes by itself.
			for _, w := range s.ahead {
				s.end(w)
			}
			s.ahead = nil
		}
		return part, true, nil
	}
	if !s.inside {
		s.size = extent{start: s.next}
	}
	c, err := m.events()
	if err != nil {
		return Part{}, false, err
	}
	if err := s.current.check.Check(c.events, m.Header.GetRevision()); err != nil {
		return Part{}, false, err
	}
	s.inside = m.more()
	events := slices.DeleteFunc(c.events, func(e *mvccpb.Event) bool { return e.GetKv().GetModRevision() < s.next })
	events, chunks := s.hold(events, c, m.more())
	s.measure(events)
	part := Part{Continues: s.begun, WatchResponse: &pb.WatchResponse{
		Header: m.Header, WatchId: m.WatchId, CompactRevision: m.CompactRevision, Fragment: m.more(), Events: events,
	}, chunks: chunks}
	some := len(events) > 0 || s.begun && !m.more()
	s.begun = (s.begun || some) && m.more()
	if !m.more() {
		s.open = nil
		s.catchUp(m.Header.GetRevision())
	}
	return part, some, nil
}

// hold keeps back, of the events that it held and of more, which are of chunk c,
// those of the last revision where more of them may follow. It returns the
// others with their chunks.
func (s *Stream) hold(more []*mvccpb.Event, c *chunk, follow bool) ([]*mvccpb.Event, []*chunk) {
	events, chunks := more, slices.Concat(s.chunks, []*chunk{c})
	if len(s.held) > 0 {
		events = slices.Concat(s.held, more)
	}
	s.held, s.chunks = nil, nil
	if !follow || len(events) == 0 {
		return events, chunks
	}
	whole := len(events) - 1
	for last := lastRevision(events); whole > 0 && events[whole-1].GetKv().GetModRevision() == last; {
		whole--
	}
	s.held = slices.Clone(events[whole:])
	if whole == 0 {
		s.chunks = chunks
		return nil, nil
	}
	// What was held before is of one revision, which is not the last.
	c.users.Add(1)
	s.chunks = []*chunk{c}
	return events[:whole], chunks
}

// measure counts events that are handed on and sets what is next.
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
	// manyRevisions in one response are as many as come of the past: it was
	// probably cut.
	manyRevisions = 500
	// mostAhead bounds the watches ahead: for each event a server asks all of
	// them whether they want it.
	mostAhead = 32
	// bytesAhead bounds what is held of them.
	bytesAhead = 8 << 20
)

// catchUp is called behind a response. The watch ahead that is next takes over
// where its time has come. Where there is none, and the current one is far
// behind the revision of the server, new ones are put ahead.
func (s *Stream) catchUp(revision int64) {
	for len(s.ahead) > 0 && s.ahead[0].start <= s.next {
		s.end(s.current)
		s.current, s.ahead = s.ahead[0], s.ahead[1:]
	}
	width := s.next - s.size.start
	if len(s.ahead) > 0 || s.size.revisions < manyRevisions {
		return
	}
	count := min(mostAhead, bytesAhead/(s.size.bytes+1), (revision-s.next)/width)
	for i := range count {
		w := &watch{start: s.next + (i+1)*width, wasAhead: true}
		s.ahead = append(s.ahead, w)
		s.create(w)
	}
}
