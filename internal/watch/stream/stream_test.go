package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// server hands out events as etcd does: the past in rounds, to each watch the
// events of so many revisions; what is new at once.
type server struct {
	rand    *rand.Rand
	history []*mvccpb.Event
	future  []*mvccpb.Event // appended to the history one by one while it is read
	batch   int             // revisions in a response of a round
	buffer  int             // most bytes of the buffers that a message comes in
	fails   func(w *serverWatch) bool

	watches []*serverWatch
	ids     int64
	out     []*pb.WatchResponse
	created int
	sent    int // events
}

type serverWatch struct {
	id, next int64
}

func (s *server) revision() int64 {
	if len(s.history) == 0 {
		return 1
	}
	return lastRevision(s.history)
}

func (s *server) header() *pb.ResponseHeader { return &pb.ResponseHeader{Revision: s.revision()} }

func (s *server) Send(r *pb.WatchRequest) error {
	switch {
	case r.GetCreateRequest() != nil:
		w := &serverWatch{id: s.ids, next: r.GetCreateRequest().StartRevision}
		s.ids += 1 + s.rand.Int64N(3)
		s.created++
		if w.next == 0 {
			w.next = s.revision() + 1
		}
		if s.fails != nil && s.fails(w) {
			s.out = append(s.out, &pb.WatchResponse{Header: s.header(), WatchId: progressID, Created: true, Canceled: true, CancelReason: "no"})
			return nil
		}
		s.watches = append(s.watches, w)
		s.out = append(s.out, &pb.WatchResponse{Header: s.header(), WatchId: w.id, Created: true})
	case r.GetCancelRequest() != nil:
		s.watches = slices.DeleteFunc(s.watches, func(w *serverWatch) bool { return w.id == r.GetCancelRequest().WatchId })
		s.out = append(s.out, &pb.WatchResponse{Header: s.header(), WatchId: r.GetCancelRequest().WatchId, Canceled: true})
	case r.GetProgressRequest() != nil:
		s.out = append(s.out, &pb.WatchResponse{Header: s.header(), WatchId: progressID})
	}
	return nil
}

func (s *server) Recv() (*message, error) {
	for len(s.out) == 0 {
		if !s.round() {
			return nil, io.EOF
		}
	}
	m := s.out[0]
	s.out = s.out[1:]
	return encoded(m, 1+s.rand.IntN(s.buffer))
}

// encoded is a message as it is received, in buffers of so many bytes.
func encoded(response *pb.WatchResponse, size int) (*message, error) {
	b, err := proto.Marshal(response)
	if err != nil {
		return nil, err
	}
	var data mem.BufferSlice
	for some := range slices.Chunk(b, size) {
		data = append(data, mem.SliceBuffer(some))
	}
	return decode(data)
}

// round gives each watch what it has not had, and lets something new happen.
// It says whether there was anything.
func (s *server) round() bool {
	some := false
	s.rand.Shuffle(len(s.watches), func(i, j int) { s.watches[i], s.watches[j] = s.watches[j], s.watches[i] })
	for _, w := range s.watches {
		var events []*mvccpb.Event
		revisions := 0
		for _, e := range s.history {
			if e.GetKv().GetModRevision() < w.next {
				continue
			}
			if len(events) == 0 || lastRevision(events) != e.GetKv().GetModRevision() {
				if revisions == s.batch {
					break
				}
				revisions++
			}
			events = append(events, e)
		}
		if len(events) > 0 {
			some = true
			w.next = lastRevision(events) + 1
			s.respond(w, events)
		}
	}
	if len(s.future) > 0 {
		for now := s.future[0].GetKv().GetModRevision(); len(s.future) > 0 && s.future[0].GetKv().GetModRevision() == now; {
			s.history, s.future = append(s.history, s.future[0]), s.future[1:]
		}
		some = true
	}
	return some
}

func (s *server) respond(w *serverWatch, events []*mvccpb.Event) {
	s.sent += len(events)
	s.out = append(s.out, &pb.WatchResponse{Header: s.header(), WatchId: w.id, Events: events})
}

// happened are n events, up to most of them in one revision.
func happened(r *rand.Rand, n, most int) []*mvccpb.Event {
	var events []*mvccpb.Event
	for revision := int64(2); len(events) < n; revision++ {
		for range 1 + r.IntN(most) {
			e := &mvccpb.Event{Kv: &mvccpb.KeyValue{Key: fmt.Append(nil, "k", len(events)), Value: bytes.Repeat([]byte{byte(len(events))}, r.IntN(200)), ModRevision: revision}}
			if r.IntN(4) == 0 {
				e.Type, e.PrevKv = mvccpb.Event_DELETE, &mvccpb.KeyValue{Key: e.Kv.Key, ModRevision: revision - 1}
			}
			events = append(events, e)
		}
		revision += r.Int64N(2) // of other keys
	}
	return events
}

// readAll reads until the server has no more. It checks that each response is
// whole.
func readAll(t *testing.T, s *server, q Query) (events []*mvccpb.Event, err error) {
	t.Helper()
	stream := begin(s, q, func() {})
	inside := false
	for {
		part, err := stream.Recv()
		if err != nil {
			return events, err
		}
		if part.Canceled {
			t.Fatalf("a watch was cancelled behind %d events", len(events))
		}
		if part.Created {
			continue
		}
		if part.Continues != inside {
			t.Fatalf("a part continues: %t, behind one that has more: %t", part.Continues, inside)
		}
		inside = part.Fragment
		if len(events) > 0 && len(part.Events) > 0 && part.Events[0].GetKv().GetModRevision() <= lastRevision(events) {
			t.Fatalf("a part begins at revision %d, behind one that ends with %d", part.Events[0].GetKv().GetModRevision(), lastRevision(events))
		}
		if s.rand.IntN(2) == 0 { // who needs them longer keeps them
			events = append(events, part.Events...)
			continue
		}
		for _, e := range part.Events {
			clone, _ := proto.Clone(e).(*mvccpb.Event)
			events = append(events, clone)
		}
		part.Free()
	}
}

func equal(got, want []*mvccpb.Event) bool {
	return slices.EqualFunc(got, want, func(a, b *mvccpb.Event) bool { return proto.Equal(a, b) })
}

func newRand(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func from(events []*mvccpb.Event, revision int64) []*mvccpb.Event {
	i := slices.IndexFunc(events, func(e *mvccpb.Event) bool { return e.GetKv().GetModRevision() >= revision })
	if i < 0 {
		return nil
	}
	return events[i:]
}

// wholeRevisions is n or less, so that events[:n] does not end in a revision.
func wholeRevisions(events []*mvccpb.Event, n int) int {
	for n > 0 && n < len(events) && events[n].GetKv().GetModRevision() == events[n-1].GetKv().GetModRevision() {
		n--
	}
	return n
}

func TestEachEventComesOnceAndInOrder(t *testing.T) {
	r := newRand(t)
	for range 60 {
		all := happened(r, 1+r.IntN(12_000), 1+r.IntN([]int{1, 4, 3000}[r.IntN(3)]))
		past := r.IntN(len(all) + 1)
		past = wholeRevisions(all, past)
		future := all[past:wholeRevisions(all, min(len(all), past+30))]
		s := &server{rand: r, history: slices.Clone(all[:past]), future: future, batch: 1 + r.IntN(1500), buffer: 1 + r.IntN(20_000)}
		q := Query{Key: "k", End: "l", PrevKV: true, Revision: 1 + r.Int64N(lastRevision(all))}
		got, err := readAll(t, s, q)
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if want := from(all[:past+len(future)], q.Revision); !equal(got, want) {
			t.Fatalf("%d of %d events were read, from revision %d on, with %d revisions in a round", len(got), len(want), q.Revision, s.batch)
		}
	}
}

func TestThePastComesInFewRounds(t *testing.T) {
	r := newRand(t)
	history := happened(r, 50_000, 1)
	s := &server{rand: r, history: history, batch: 1000, buffer: 16 << 10}
	got, err := readAll(t, s, Query{Key: "k", End: "l", PrevKV: true, Revision: 1})
	if !errors.Is(err, io.EOF) || len(got) != len(history) {
		t.Fatalf("%d of %d events were read, %v", len(got), len(history), err)
	}
	if s.sent > 2*len(history) || s.created > 60 {
		t.Errorf("%d watches were sent %d events for %d, want at most 60 watches and twice the events", s.created, s.sent, len(history))
	}
}

func TestAShortPastNeedsOneWatch(t *testing.T) {
	r := newRand(t)
	s := &server{rand: r, history: happened(r, 3000, 10), batch: 1000, buffer: 16 << 10}
	if _, err := readAll(t, s, Query{Key: "k", End: "l", PrevKV: true, Revision: 1}); !errors.Is(err, io.EOF) || s.created != 1 {
		t.Errorf("%d watches were opened for 500 revisions, %v; want one", s.created, err)
	}
}

// A stream that continues after the last event of an ended stream misses nothing.
func TestAWatchAheadThatFailsLosesNothing(t *testing.T) {
	r := newRand(t)
	for range 15 {
		history := happened(r, 20_000, 1)
		s := &server{rand: r, history: history, batch: 1000, buffer: 16 << 10}
		s.fails = func(w *serverWatch) bool { return len(s.watches) > 0 && r.IntN(3) == 0 }
		var got []*mvccpb.Event
		next := int64(1)
		for streams := 0; ; streams++ {
			some, err := readAll(t, s, Query{Key: "k", End: "l", PrevKV: true, Revision: next})
			got = append(got, some...)
			if errors.Is(err, io.EOF) {
				break
			}
			if status.Code(err) != codes.Unavailable || len(some) == 0 || streams > 50 {
				t.Fatalf("stream %d ended behind %d events with %v", streams, len(some), err)
			}
			next = lastRevision(got) + 1
			s.watches, s.out = nil, nil
		}
		if !equal(got, history) {
			t.Fatalf("%d of %d events were read", len(got), len(history))
		}
	}
}

func TestProgressComesBehindTheEventsThatItIsAbout(t *testing.T) {
	r := newRand(t)
	history := happened(r, 30_000, 1)
	s := &server{rand: r, history: history, batch: 1000, buffer: 16 << 10}
	stream := begin(s, Query{Key: "k", End: "l", PrevKV: true, Revision: 1}, func() {})
	asked, events := false, 0
	for {
		part, err := stream.Recv()
		if err != nil {
			break
		}
		events += len(part.Events)
		if events > 2000 && !asked {
			asked = true
			for s.round() { // all that there is has been sent
			}
			stream.RequestProgress()
		}
		if part.IsProgress() && events != len(history) {
			t.Fatalf("the progress to revision %d was told behind %d of %d events", part.Header.GetRevision(), events, len(history))
		}
	}
	if events != len(history) {
		t.Errorf("%d of %d events were read", events, len(history))
	}
}

func TestWhatIsToComeBeginsBehindTheRevisionOfTheCreation(t *testing.T) {
	r := newRand(t)
	all := happened(r, 100, 1)
	s := &server{rand: r, history: slices.Clone(all[:50]), future: all[50:], batch: 1000, buffer: 16 << 10}
	if got, err := readAll(t, s, Query{Key: "k", End: "l", PrevKV: true}); !errors.Is(err, io.EOF) || !equal(got, all[50:]) {
		t.Errorf("%d events were read, %v; want the 50 that came later", len(got), err)
	}
}

func TestEventsThatAreGivenBackTakeNoNewMemory(t *testing.T) {
	r := newRand(t)
	history := happened(r, 100_000, 2000)
	s := &server{rand: r, history: history, batch: 1000, buffer: 16 << 10}
	stream := begin(s, Query{Key: "k", End: "l", PrevKV: true, Revision: 1}, func() {})
	if _, err := stream.Recv(); err != nil { // the creation
		t.Fatal(err)
	}
	if err := stream.receive(); err != nil { // what the test's server does is not measured
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for n < len(history) {
		part, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		n += len(part.Events)
		part.Free()
	}
	runtime.ReadMemStats(&after)
	if size := after.TotalAlloc - before.TotalAlloc; size > 20<<20 { // their messages alone would take 30 MB; under the race detector some are allocated again
		t.Errorf("%d events took %d bytes", n, size)
	}
}

func TestMessagesAreDecodedLikeTheAPIs(t *testing.T) {
	r := newRand(t)
	kv := func() *mvccpb.KeyValue {
		if r.IntN(5) == 0 {
			return nil
		}
		n := func() int64 { return r.Int64() >> r.IntN(63) * int64(r.IntN(3)-1) }
		return &mvccpb.KeyValue{Key: make([]byte, r.IntN(40)), Value: make([]byte, r.IntN(300_000)>>r.IntN(18)), CreateRevision: n(), ModRevision: n(), Version: n(), Lease: n()}
	}
	for range 300 {
		want := &pb.WatchResponse{Header: &pb.ResponseHeader{ClusterId: r.Uint64(), Revision: r.Int64N(1000)}, WatchId: r.Int64N(5) - 1,
			Created: r.IntN(2) == 0, Canceled: r.IntN(2) == 0, CompactRevision: r.Int64N(3), CancelReason: "because"[:r.IntN(7)]}
		for range r.IntN(40) {
			want.Events = append(want.Events, &mvccpb.Event{Type: mvccpb.Event_EventType(r.IntN(2)), Kv: kv(), PrevKv: kv()})
		}
		m, err := encoded(want, 1+r.IntN(5000))
		if err != nil {
			t.Fatal(err)
		}
		if len(want.Events) > 0 {
			if last, err := m.last(); err != nil || last != want.Events[len(want.Events)-1].GetKv().GetModRevision() {
				t.Fatalf("the last revision is %d, %v; want that of %v", last, err, want.Events[len(want.Events)-1])
			}
		}
		got := m.WatchResponse
		for m.more() {
			c, err := m.events()
			if err != nil {
				t.Fatal(err)
			}
			got.Events = append(got.Events, c.events...)
		}
		if !proto.Equal(got, want) {
			t.Fatalf("decoded %d events as %d", len(want.Events), len(got.Events))
		}
	}
}

func FuzzMessagesThatAreMalformedAreErrors(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(mem.BufferSlice{mem.SliceBuffer(b)})
		if err != nil {
			return
		}
		size := len(b)
		for m.more() {
			if _, err := m.events(); err != nil {
				return
			}
			if size--; size < 0 {
				t.Fatal("the events have no end")
			}
		}
	})
}

// scripted says the same, whatever it is asked.
type scripted []*pb.WatchResponse

func (s *scripted) Send(*pb.WatchRequest) error { return nil }

func (s *scripted) Recv() (*message, error) {
	if len(*s) == 0 {
		return nil, io.EOF
	}
	m := (*s)[0]
	*s = (*s)[1:]
	return encoded(m, 100)
}

// A key that was not watched, an event without a key and a revision that goes
// back end the stream with an error.
func TestEventsThatWereNotRequestedAreAnError(t *testing.T) {
	t.Parallel()
	event := func(key string, revision int64) *mvccpb.Event {
		return &mvccpb.Event{Kv: &mvccpb.KeyValue{Key: []byte(key), ModRevision: revision}}
	}
	for want, events := range map[string][]*mvccpb.Event{
		"outside the watched range": {event("k1", 5), event("l", 6)},
		"without a key":             {event("k1", 5), {}},
		"of revision 4, after":      {event("k1", 5), event("k2", 4)},
		"before the requested 3":    {event("k1", 2)},
		"after the store's 9":       {event("k1", 10)},
	} {
		header := &pb.ResponseHeader{Revision: 9}
		s := &scripted{{Header: header, Created: true}, {Header: header, Events: events}}
		stream := begin(s, Query{Key: "k", End: "l", Revision: 3}, func() {})
		part, err := stream.Recv()
		if err != nil || !part.Created {
			t.Fatalf("the first part is %v, error %v", part, err)
		}
		part, err = stream.Recv()
		if err == nil || !strings.Contains(err.Error(), want) || part.WatchResponse != nil {
			t.Errorf("got %v and the error %v, want one with %q", part.WatchResponse, err, want)
		}
	}
	s := &scripted{{Created: true}}
	if _, err := begin(s, Query{Key: "k", Revision: 3}, func() {}).Recv(); err == nil || !strings.Contains(err.Error(), "has no header") {
		t.Errorf("a response without a header gives the error %v", err)
	}
}
