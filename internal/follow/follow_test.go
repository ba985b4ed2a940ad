package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// script is a server that answers each watch that is begun with responses of
// its own.
type script struct {
	clientv3.Watcher // the methods that nobody calls here

	watches [][]clientv3.WatchResponse
	begun   []int64 // the revisions that were asked for
	slow    time.Duration
}

func (s *script) Watch(ctx context.Context, key string, options ...clientv3.OpOption) clientv3.WatchChan {
	time.Sleep(s.slow)
	op := clientv3.OpGet(key, options...)
	s.begun = append(s.begun, op.Rev())
	responses := make(chan clientv3.WatchResponse, 16)
	if len(s.watches) > 0 {
		for _, r := range s.watches[0] {
			responses <- r
		}
		s.watches = s.watches[1:]
	}
	return responses
}

func created(revision int64) clientv3.WatchResponse {
	return clientv3.WatchResponse{Created: true, Header: &pb.ResponseHeader{Revision: revision}}
}

func events(revisions ...int64) clientv3.WatchResponse {
	r := clientv3.WatchResponse{Header: &pb.ResponseHeader{Revision: revisions[len(revisions)-1]}}
	for _, revision := range revisions {
		r.Events = append(r.Events, &clientv3.Event{Kv: &mvccpb.KeyValue{ModRevision: revision}})
	}
	return r
}

func progress(revision int64) clientv3.WatchResponse {
	return clientv3.WatchResponse{Header: &pb.ResponseHeader{Revision: revision}}
}

// canceled is how the client library reports the end of a watch.
func canceled(err error) clientv3.WatchResponse {
	return clientv3.WatchResponse{Canceled: true, CancelReason: err.Error(), Header: &pb.ResponseHeader{}}
}

// recorder is a sink that ends the watch after an event of the revision last.
type recorder struct {
	last int64
	seen []string
	idle int
}

var errLast = errors.New("that was the last one")

func (r *recorder) Receive(response *clientv3.WatchResponse) error {
	switch {
	case response.Canceled:
		r.seen = append(r.seen, "canceled")
	case response.IsProgressNotify():
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
	server := &script{watches: [][]clientv3.WatchResponse{
		{created(4), events(5, 5), events(7), canceled(rpctypes.ErrNoLeader)},
		{created(9), progress(9), canceled(rpctypes.ErrNoLeader)},
		{created(9), events(11)},
	}}
	w := &Watch{Client: server, Key: "k", Patience: time.Hour}
	sink := &recorder{last: 11}
	if err := w.Run(t.Context(), sink); !errors.Is(err, errLast) {
		t.Errorf("Run = %v", err)
	}
	if want := []string{"5", "5", "7", "progress 9", "11"}; !slices.Equal(sink.seen, want) {
		t.Errorf("the sink has seen %v, want %v", sink.seen, want)
	}
	if want := []int64{0, 8, 10}; !slices.Equal(server.begun, want) {
		t.Errorf("watches were begun at %v, want %v", server.begun, want)
	}
	if sink.idle == 0 {
		t.Error("the sink was never told that there is nothing to do")
	}
}

func TestAWatchThatCannotGoOnEnds(t *testing.T) {
	compacted := canceled(rpctypes.ErrCompacted)
	compacted.CompactRevision = 7
	server := &script{watches: [][]clientv3.WatchResponse{{created(9), compacted}}}
	w := &Watch{Client: server, Next: 3, Patience: time.Hour}
	sink := &recorder{}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	// The client library closes the channel after that, which the script does not.
	if err := w.Run(ctx, sink); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run = %v", err)
	}
	if !slices.Equal(sink.seen, []string{"canceled"}) || len(server.begun) != 1 || w.Next != 3 {
		t.Errorf("the sink has seen %v, %d watches, next is %d", sink.seen, len(server.begun), w.Next)
	}
}

func TestAnOverdueWatchIsSaid(t *testing.T) {
	said := 0
	server := &script{slow: 50 * time.Millisecond, watches: [][]clientv3.WatchResponse{{created(1), events(2)}}}
	w := &Watch{Client: server, Patience: time.Millisecond, Overdue: func() { said++ }}
	if err := w.Run(t.Context(), &recorder{last: 2}); !errors.Is(err, errLast) || said != 1 {
		t.Errorf("Run = %v, and it was said %d times that it is overdue", err, said)
	}
}
