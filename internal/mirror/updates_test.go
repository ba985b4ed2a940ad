package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/internal/watch"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// destination is a server in memory that takes so many operations in one
// transaction.
type destination struct {
	pb.KVClient // the methods that are not called here

	most int
	keys map[string]string
	txns []string // the keys of each, a deleted one with a minus
}

func (d *destination) Txn(_ context.Context, r *pb.TxnRequest, _ ...grpc.CallOption) (*pb.TxnResponse, error) {
	if len(r.Success) > d.most {
		return nil, rpctypes.ErrGRPCTooManyOps
	}
	var words []string
	seen := map[string]bool{}
	for _, op := range r.Success {
		var key, word string
		if put := op.GetRequestPut(); put != nil {
			key, word = string(put.Key), string(put.Key)
			d.keys[key] = string(put.Value)
		} else {
			key = string(op.GetRequestDeleteRange().Key)
			word = "-" + key
			delete(d.keys, key)
		}
		if seen[key] {
			return nil, rpctypes.ErrGRPCDuplicateKey
		}
		seen[key] = true
		words = append(words, word)
	}
	d.txns = append(d.txns, strings.Join(words, " "))
	return &pb.TxnResponse{Succeeded: true, Header: &pb.ResponseHeader{Revision: int64(len(d.txns))}}, nil
}

// updatesTo returns updates that go to a destination with no fence, in
// transactions of at most so many operations.
func updatesTo(ctx context.Context, d *destination, maxOps int64) *updates {
	m := &mirror{tracker: &tracker{}}
	m.writer = &writer{kv: d, timeout: caseTimeout, outage: &sideOutage{}, count: &m.count}
	m.writer.fence.off = true
	m.writer.maxOps.Store(maxOps)
	m.writer.maxBytes.Store(maxTxnBytes)
	return &updates{mirror: m, ctx: ctx, watch: &watch.Watch{}, keys: map[string]bool{}}
}

const caseTimeout = 1e9 // a second

// happened is a response with events: "5:a" is a put of a at revision 5, "5:-a"
// its deletion.
func happened(words string) watch.Part {
	r := &pb.WatchResponse{Header: &pb.ResponseHeader{}}
	for _, word := range strings.Fields(words) {
		var revision int64
		number, key, _ := strings.Cut(word, ":")
		_, _ = fmt.Sscan(number, &revision)
		event := &mvccpb.Event{Kv: &mvccpb.KeyValue{ModRevision: revision, Value: []byte(number)}}
		if name, deleted := strings.CutPrefix(key, "-"); deleted {
			event.Type, key = mvccpb.Event_DELETE, name
		}
		event.Kv.Key = []byte(key)
		r.Events = append(r.Events, event)
		r.Header.Revision = revision
	}
	return response(r)
}

func response(r *pb.WatchResponse) watch.Part {
	return watch.Part{Part: stream.Part{WatchResponse: r}}
}

func TestUpdatesGoTogetherAsFarAsTheyCan(t *testing.T) {
	for _, test := range []struct {
		name   string
		maxOps int64
		most   int
		happen []string // responses, before the next one has come
		want   []string // transactions
	}{
		{"revisions of different keys go together", 9, 9, []string{"2:a 3:b", "4:-c"}, []string{"a b -c"}},
		{"each version of a key is written", 9, 9, []string{"2:a 3:a 4:-a 5:a"}, []string{"a", "a", "-a", "a"}},
		{"a revision stays together", 3, 9, []string{"2:a 3:b 3:c 3:d 4:e"}, []string{"a", "b c d", "e"}},
		{"a revision that is too much does not", 2, 9, []string{"2:a 3:b 3:c 3:d 3:e 3:f"}, []string{"a", "b c", "d e", "f"}},
		{"any number of operations", 0, 9, []string{"2:a 2:b 2:c 3:d 3:e"}, []string{"a b c d e"}},
		{"a destination takes less than was thought", 9, 2, []string{"2:a 2:b 2:c 2:d", "3:e 3:f 3:g 3:h"}, []string{"a b", "c d", "e f", "g h"}},
	} {
		d := &destination{most: test.most, keys: map[string]string{}}
		u := updatesTo(t.Context(), d, test.maxOps)
		for _, words := range test.happen {
			if err := u.Receive(happened(words)); err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
		}
		if err := u.Idle(); err != nil || !reflect.DeepEqual(d.txns, test.want) {
			t.Errorf("%s: the transactions are %q, %v; want %q", test.name, d.txns, err, test.want)
		}
		last := happened(test.happen[len(test.happen)-1]).Header.Revision
		if at := u.tracker.position().Revision; at != last {
			t.Errorf("%s: the position is %d, want %d", test.name, at, last)
		}
	}
}

// Whatever happens in whatever pieces: the destination ends up with what the
// source has, and the tracker is never ahead of it.
func TestUpdatesEndWhereTheSourceDoes(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		d := &destination{most: 1 + random.IntN(6), keys: map[string]string{}}
		u := updatesTo(t.Context(), d, int64(random.IntN(8)))
		source := map[int64]map[string]string{}
		now := map[string]string{}
		revision := int64(1)
		for range 1 + random.IntN(20) {
			var words []string
			for range 1 + random.IntN(5) {
				revision++
				touched := map[string]bool{}
				for range 1 + random.IntN(4) {
					key := string(rune('a' + random.IntN(6)))
					if touched[key] {
						continue
					}
					touched[key] = true
					if random.IntN(3) == 0 {
						delete(now, key)
						key = "-" + key
					} else {
						now[key] = fmt.Sprint(revision)
					}
					words = append(words, fmt.Sprintf("%d:%s", revision, key))
				}
				source[revision] = maps.Clone(now)
			}
			if err := u.Receive(happened(strings.Join(words, " "))); err != nil {
				t.Fatal(err)
			}
			if random.IntN(2) == 0 {
				if err := u.Idle(); err != nil {
					t.Fatal(err)
				}
				if at := u.tracker.position().Revision; at != revision || !reflect.DeepEqual(d.keys, source[at]) {
					t.Fatalf("seed %d: at revision %d, tracker %d, the destination has %v, want %v", seed, revision, at, d.keys, source[at])
				}
			}
		}
	}
}

func TestProgressMovesThePositionOn(t *testing.T) {
	d := &destination{most: 9, keys: map[string]string{}}
	u := updatesTo(t.Context(), d, 9)
	u.until = 8
	if err := u.Receive(happened("2:a")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		revision int64
		want     error
	}{{7, nil}, {8, errReached}} {
		notice := response(&pb.WatchResponse{Header: &pb.ResponseHeader{Revision: test.revision}})
		if err := u.Receive(notice); !errors.Is(err, test.want) {
			t.Errorf("progress %d = %v, want %v", test.revision, err, test.want)
		}
	}
	if at := u.tracker.position().Revision; at != 8 || d.keys["a"] != "2" {
		t.Errorf("the position is %d, and the destination has %v", at, d.keys)
	}
}

func TestTheEndOfTheHistoryIsSaid(t *testing.T) {
	d := &destination{most: 9, keys: map[string]string{}}
	u := updatesTo(t.Context(), d, 9)
	u.Checkpoint, u.watch.Next = "state", 4
	if err := u.Receive(happened("2:a 3:b")); err != nil {
		t.Fatal(err)
	}
	err := u.Receive(response(&pb.WatchResponse{Header: &pb.ResponseHeader{}, Canceled: true, CompactRevision: 7}))
	if !errors.Is(err, rpctypes.ErrCompacted) || !strings.Contains(err.Error(), "at revision 4, and 7 is the oldest") || !strings.Contains(err.Error(), "; with --prune everything is copied again") {
		t.Errorf("%v", err)
	}
	if len(d.txns) != 1 {
		t.Errorf("what had come before is %q at the destination", d.txns)
	}
}
