package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// script is a server that answers each watch that is begun with responses of
// its own, and is silent behind them.
type script struct {
	watches [][]Part
	begun   []int64 // the revisions that were asked for
	slow    time.Duration
	unnamed bool // it is no login that it knows the watcher by
}

func (s *script) Events(ctx context.Context, q stream.Query) (stream.Source, error) {
	time.Sleep(s.slow)
	s.begun = append(s.begun, q.Revision)
	answers := &answers{ctx: ctx}
	if len(s.watches) > 0 {
		answers.left, s.watches = s.watches[0], s.watches[1:]
	}
	return answers, nil
}

func (s *script) Unreachable() error { return nil }
func (s *script) LogsIn() bool       { return !s.unnamed }

type answers struct {
	ctx  context.Context //nolint:containedctx // a stream has one
	left []Part
}

func (a *answers) Recv() (stream.Part, error) {
	if len(a.left) == 0 {
		<-a.ctx.Done()
		return stream.Part{}, a.ctx.Err()
	}
	part := a.left[0]
	a.left = a.left[1:]
	return part.Part, part.err
}

func (a *answers) RequestProgress() {}
func (a *answers) Close()           {}

// patient is an outage that is never reported.
func patient() *outage.Outage { return &outage.Outage{Patience: time.Hour} }

func response(r *pb.WatchResponse) Part { return Part{Part: stream.Part{WatchResponse: r}} }

func created(revision int64) Part {
	return response(&pb.WatchResponse{Created: true, Header: &pb.ResponseHeader{Revision: revision}})
}

func happened(revisions ...int64) Part {
	r := &pb.WatchResponse{Header: &pb.ResponseHeader{Revision: revisions[len(revisions)-1]}}
	for _, revision := range revisions {
		r.Events = append(r.Events, &mvccpb.Event{Kv: &mvccpb.KeyValue{ModRevision: revision}})
	}
	return response(r)
}

// partly is a response of which more is to come.
func partly(revisions ...int64) Part {
	p := happened(revisions...)
	p.Fragment = true
	return p
}

func progress(revision int64) Part {
	return response(&pb.WatchResponse{Header: &pb.ResponseHeader{Revision: revision}})
}

// broken is the end of a stream.
func broken(err error) Part { return Part{err: err} }

// refused is the answer of a server that does not accept a watch.
func refused(err error) Part {
	p := canceled(err.Error(), 0)
	p.Created = true
	return p
}

func canceled(reason string, compacted int64) Part {
	return response(&pb.WatchResponse{Canceled: true, CancelReason: reason, CompactRevision: compacted, Header: &pb.ResponseHeader{}})
}

// recorder is a sink that ends the watch after an event of the revision last.
type recorder struct {
	last int64
	seen []string
	idle int
}

var errLast = errors.New("that was the last one")

func (r *recorder) Receive(response Part) error {
	switch {
	case response.Canceled:
		r.seen = append(r.seen, "canceled")
	case response.Continues:
		r.seen = append(r.seen, "end")
	case response.IsProgress():
		r.seen = append(r.seen, fmt.Sprint("progress ", response.Header.Revision))
	}
	for _, event := range response.Events {
		r.seen = append(r.seen, fmt.Sprint(event.Kv.ModRevision))
		if event.Kv.ModRevision == r.last {
			return errLast
		}
	}
	return nil
}

func (r *recorder) Idle() error {
	r.idle++
	return nil
}

func TestAWatchGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{watches: [][]Part{
			{created(4), happened(5, 5), happened(7), canceled(rpctypes.ErrNoLeader.Error(), 0)},
			{created(9), progress(9), broken(status.Error(codes.Unavailable, "EOF"))},
			{created(9), partly(11, 12), broken(rpctypes.ErrNoLeader)},
			{created(9), happened(13), broken(io.EOF)},
			{created(9), broken(rpctypes.ErrInvalidAuthToken)},
			{created(9), happened(15)},
		}}
		percent := 0
		w := &Watch{Client: server, Outage: patient(), GCPercent: func(n int) { percent = n }}
		sink := &recorder{last: 15}
		if err := w.Run(t.Context(), sink); !errors.Is(err, errLast) {
			t.Errorf("Run = %v", err)
		}
		if want := []string{"5", "5", "7", "progress 9", "11", "12", "end", "13", "15"}; !slices.Equal(sink.seen, want) {
			t.Errorf("the sink has seen %v, want %v", sink.seen, want)
		}
		if want := []int64{0, 8, 10, 13, 14, 14}; !slices.Equal(server.begun, want) {
			t.Errorf("watches were begun at %v, want %v", server.begun, want)
		}
		if sink.idle == 0 {
			t.Error("the sink was never told that there is nothing to do")
		}
		if percent != gcPercent {
			t.Errorf("the percentage of the garbage collector was set to %d, want %d", percent, gcPercent)
		}
	})
}

func TestAWatchThatCannotGoOnEnds(t *testing.T) {
	for name, parts := range map[string][]Part{
		"what is asked for is compacted":       {created(9), canceled("", 7)},
		"it is refused":                        {refused(rpctypes.ErrGRPCPermissionDenied)},
		"the server ends it":                   {created(9), canceled("", 0)},
		"the stream ends for some other fault": {created(9), broken(status.Error(codes.ResourceExhausted, "too large"))},
	} {
		server := &script{watches: [][]Part{parts}}
		w := &Watch{Client: server, Next: 3, Outage: patient()}
		sink := &recorder{}
		if err := w.Run(t.Context(), sink); err != nil {
			t.Errorf("%s: Run = %v", name, err)
		}
		if !slices.Equal(sink.seen, []string{"canceled"}) || len(server.begun) != 1 || w.Next != 3 {
			t.Errorf("%s: the sink has seen %v, %d watches, next is %d", name, sink.seen, len(server.begun), w.Next)
		}
	}
}

// A member that lags behind knows none of the logins for a while.
func TestLoginsThatAreRefusedAreTriedAgainForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := []Part{broken(rpctypes.ErrInvalidAuthToken)}
		server := &script{watches: [][]Part{{created(1)}, refused, refused, refused, refused, refused, refused, {created(1), happened(2)}}}
		server.watches[0] = append(server.watches[0], refused...)
		sink := &recorder{last: 2}
		w := &Watch{Client: server, Outage: patient()}
		if err := w.Run(t.Context(), sink); !errors.Is(err, errLast) || !slices.Equal(sink.seen, []string{"2"}) {
			t.Errorf("Run = %v, and the sink has seen %v", err, sink.seen)
		}
		for name, w := range map[string]*Watch{
			"a token that was given":       {Client: &script{unnamed: true, watches: [][]Part{refused}}, Outage: patient()},
			"logins for longer than meant": {Client: &script{watches: [][]Part{refused, refused}}, Outage: &outage.Outage{Patience: shortPause}},
		} {
			sink := &recorder{}
			if err := w.Run(t.Context(), sink); err != nil || !slices.Equal(sink.seen, []string{"canceled"}) {
				t.Errorf("%s: Run = %v, and the sink has seen %v", name, err, sink.seen)
			}
		}
	})
}

// A refusal on the stream says the same as one that ends it.
func TestAWatchThatIsRefusedWhenItBeginsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{watches: [][]Part{
			{refused(rpctypes.ErrGRPCInvalidAuthToken)}, {refused(rpctypes.ErrGRPCAuthOldRevision)}, {created(1), happened(2)},
		}}
		sink := &recorder{last: 2}
		w := &Watch{Client: server, Outage: patient()}
		if err := w.Run(t.Context(), sink); !errors.Is(err, errLast) || !slices.Equal(sink.seen, []string{"2"}) {
			t.Errorf("Run = %v, and the sink has seen %v", err, sink.seen)
		}
	})
}

func TestTheServersWordsStandFirst(t *testing.T) {
	err := refusal(rpctypes.ErrGRPCPermissionDenied.Error())
	if !errors.Is(err, rpctypes.ErrPermissionDenied) || err.Error() != "etcdserver: permission denied" {
		t.Errorf("%q", err)
	}
}

func TestAnOverdueWatchIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := 0
		server := &script{slow: 50 * time.Millisecond, watches: [][]Part{{created(1), happened(2)}}}
		w := &Watch{Client: server, Outage: &outage.Outage{Patience: time.Millisecond, Overdue: func(error) { said++ }}}
		if err := w.Run(t.Context(), &recorder{last: 2}); !errors.Is(err, errLast) || said != 1 {
			t.Errorf("Run = %v, and it was said %d times that it is overdue", err, said)
		}
	})
}

// What counts is how long there is no watch, not how long one attempt takes. Once
// for each outage it is said, with the server's reason or without, and so is its
// end.
func TestAnOutageOfManyAttemptsIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noLeader, unavailable := []Part{broken(rpctypes.ErrNoLeader)}, []Part{broken(status.Error(codes.Unavailable, "connection refused"))}
		// A watch that is accepted and ends at once is none.
		useless := []Part{created(1), broken(rpctypes.ErrNoLeader)}
		for name, attempts := range map[string][]Part{"no leader": noLeader, "no connection": unavailable, "watches that end at once": useless} {
			server := &script{watches: [][]Part{{created(1), happened(2), attempts[len(attempts)-1]}, attempts, attempts, attempts, {created(2), happened(3), attempts[len(attempts)-1]}, attempts, attempts, attempts, {created(3), happened(4)}}}
			var said []string
			w := &Watch{Client: server, Outage: &outage.Outage{
				Patience: 2 * shortPause,
				Overdue:  func(reason error) { said = append(said, reason.Error()) },
				Resumed:  func(time.Duration) { said = append(said, "resumed") },
			}}
			sink := &recorder{last: 4}
			if err := w.Run(t.Context(), sink); !errors.Is(err, errLast) || !slices.Equal(sink.seen, []string{"2", "3", "4"}) {
				t.Errorf("%s: Run = %v, the sink has seen %v", name, err, sink.seen)
			}
			reason := rpctypes.ErrNoLeader.Error()
			if name == "no connection" {
				reason = context.DeadlineExceeded.Error()
			}
			if want := []string{reason, "resumed", reason, "resumed"}; !slices.Equal(said, want) {
				t.Errorf("%s: said %q, want %q", name, said, want)
			}
		}
	})
}

// A watch that was accepted and has nothing to report is one.
func TestASilentWatchIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), settleTime+200*time.Millisecond)
		defer cancel()
		w := &Watch{Client: &script{watches: [][]Part{{created(1)}}}, Outage: &outage.Outage{
			Patience: 100 * time.Millisecond,
			Overdue:  func(reason error) { t.Errorf("said to be overdue: %v", reason) },
		}}
		if err := w.Run(ctx, &recorder{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run = %v", err)
		}
	})
}

// What accepts each watch and ends it at once is asked more and more seldom.
func TestWatchesThatEndAtOnceBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{}
		for range 1000 {
			server.watches = append(server.watches, []Part{created(1), broken(status.Error(codes.Unavailable, "GOAWAY"))})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		w := &Watch{Client: server, Outage: patient()}
		_ = w.Run(ctx, &recorder{})
		if begun := len(server.begun); begun > 8 {
			t.Errorf("%d watches were begun in two seconds", begun)
		}
	})
}
