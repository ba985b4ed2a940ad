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

// Query selects the events to read.
type Query struct {
	Key, End       string // as in a WatchCreateRequest: "" is the key alone, "\x00" open
	Revision       int64  // the first one; 0: only new events
	PrevKV         bool   // include the previous key and value
	ProgressNotify bool   // also report progress from time to time
}

// Part is a response of the server, or a part of one. Fragment is set if more parts of
// the response follow. All events of a revision are in one part.
type Part struct {
	*pb.WatchResponse
	Continues bool // it is not the first part of its response

	chunks []*chunk // memory of its events
}

// Free releases the memory of the events, of their keys and of their values. They must
// not be used any more. Free is optional, and may be called only once.
func (p Part) Free() {
	for _, c := range p.chunks {
		c.release()
	}
}

// IsProgress reports whether the part is a progress notification.
func (p Part) IsProgress() bool {
	return len(p.Events) == 0 && !p.Created && !p.Canceled && !p.Fragment && !p.Continues && p.CompactRevision == 0 && p.Header.GetRevision() != 0
}

// Source provides events. It is a Stream, except in tests.
type Source interface {
	Recv() (Part, error)
	RequestProgress()
	Close()
}

// Stream is one stream of events. Only one goroutine may call its methods, except for
// RequestProgress and Close.
type Stream struct {
	stream stream
	query  Query
	cancel context.CancelFunc

	creating []*watch // not confirmed by the server yet, in the order of creation
	current  *watch   // whose parts are passed on
	ahead    []*watch // sorted by first revision
	byID     map[int64]*watch

	open   *message        // the message that is being passed on; nil: none
	next   int64           // first revision that was not passed on
	begun  bool            // a part of open was passed on, and more of it follows
	inside bool            // a part of open was decoded, and more of it follows
	held   []*mvccpb.Event // of a revision that may continue in the next part
	chunks []*chunk        // memory of held
	size   extent          // of the response that is being passed on

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
	closed   bool       // the server was requested to cancel it
	kept     []*message // messages of a watch ahead, not passed on yet
	check    response.Watch
}

// method is the RPC of watches.
const method = "/etcdserverpb.Watch/Watch"

// Open starts to read q, as soon as there is a connection. The stream ends when ctx ends
// or Close is called.
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

// RequestProgress requests a progress notification from the server.
func (s *Stream) RequestProgress() {
	s.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}})
}

// send sends a request. If that fails, Recv returns the reason.
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

// end requests that the server cancels a watch. Messages that the server has already sent
// still arrive.
func (s *Stream) end(w *watch) {
	if w.closed {
		return
	}
	w.closed = true
	if s.byID[w.id] == w {
		s.send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: w.id}}})
	}
}

// errGap returns the error of a stream that lost a watch ahead which the previous watch
// relied on. The reader starts another stream after this error.
func errGap() error {
	return status.Error(codes.Unavailable, "a part of the events is missing")
}

// Recv returns the next part. Parts are in the order of revisions, and each event comes
// once. The error is that of the stream. Errors of the server are those of package
// rpctypes.
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

// receive receives a message. The message becomes the open one if it belongs to the
// current watch and is to be passed on.
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
		return errGap() // cancelled before it was confirmed
	case m.Created && w.wasAhead:
	default:
		s.open = m
	}
	return nil
}

// watchOf returns the watch that a message belongs to, or nil if the message is not
// needed.
func (s *Stream) watchOf(m *message) *watch {
	switch {
	case m.Created && len(s.creating) > 0:
		w := s.creating[0]
		s.creating = s.creating[1:]
		w.id = m.WatchId
		if !m.Canceled {
			s.byID[w.id] = w
		}
		if w.closed { // before it was confirmed
			w.closed = false
			s.end(w)
			return nil
		}
		return w
	case m.WatchId == progressID:
		return s.current // which has made the same progress
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

// progressID is the ID in the answer to a request for progress. It stands for all watches
// of a stream.
const progressID = -1

// keep stores a message of a watch that is ahead.
func (s *Stream) keep(w *watch, m *message) error {
	switch {
	case m.Canceled:
		s.ahead = slices.DeleteFunc(s.ahead, func(a *watch) bool { return a == w })
		return nil
	case !m.more(): // a confirmation, or a progress notification
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

// take takes the next part of the open message. It returns false if none of its events is
// to be passed on.
func (s *Stream) take() (Part, bool, error) {
	m := s.open
	if !m.more() { // a message without events
		s.open = nil
		part := Part{WatchResponse: m.WatchResponse}
		switch {
		case m.Created && s.next == 0:
			s.next = m.Header.GetRevision() + 1
		case part.IsProgress():
			// The current watch has caught up. It receives all further events itself.
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

// hold returns the events that can be passed on, with their chunks. These are the held
// events and more, which are in chunk c. If further events follow, hold keeps those of
// the last revision, because it may continue.
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
	// The events held earlier have one revision, which is not the last. So the events
	// held now are in c.
	c.users.Add(1)
	s.chunks = []*chunk{c}
	return events[:whole], chunks
}
