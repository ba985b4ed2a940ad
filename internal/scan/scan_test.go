package scan

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/etcd"
)

// distribution is a way in which keys may lie in the key space.
type distribution struct {
	name string
	keys func(r *rand.Rand, n int) []string
}

func repeated(n int, key func(i int) string) []string {
	keys := make([]string, 0, n)
	for i := range n {
		keys = append(keys, key(i))
	}
	return keys
}

func randomBytes(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.UintN(256))
	}
	return string(b)
}

func distributions() []distribution {
	return []distribution{
		{"numbers with leading zeros", func(_ *rand.Rand, n int) []string {
			return repeated(n, func(i int) string { return fmt.Sprintf("/k/%09d", i) })
		}},
		{"numbers without leading zeros", func(_ *rand.Rand, n int) []string {
			return repeated(n, func(i int) string { return fmt.Sprintf("k%d", i) })
		}},
		{"UUIDs", func(r *rand.Rand, n int) []string {
			return repeated(n, func(int) string { return fmt.Sprintf("/u/%x-%x", randomBytes(r, 4), randomBytes(r, 12)) })
		}},
		{"a long common prefix", func(_ *rand.Rand, n int) []string {
			prefix := strings.Repeat("/registry/pods/namespace", 20)
			return repeated(n, func(i int) string { return fmt.Sprintf("%s/%d", prefix, i) })
		}},
		{"two clusters far apart", func(_ *rand.Rand, n int) []string {
			return repeated(n, func(i int) string { return fmt.Sprintf("%c/%08d", "az"[i%2], i) })
		}},
		{"many clusters", func(r *rand.Rand, n int) []string {
			return repeated(n, func(i int) string { return fmt.Sprintf("/ns-%x/pod-%06d", (i%17)*0x0f0f0f, r.IntN(n)) })
		}},
		{"a few lonely keys before and behind a cluster", func(_ *rand.Rand, n int) []string {
			keys := repeated(n, func(i int) string { return fmt.Sprintf("m/%08d", i) })
			return append(keys, "\x01", "a", "b", "z", "\xff", "\xff\xff\xff")
		}},
		{"random bytes", func(r *rand.Rand, n int) []string {
			return repeated(n, func(int) string { return randomBytes(r, 1+r.IntN(12)) })
		}},
		{"0xff and 0x00", func(r *rand.Rand, n int) []string {
			return repeated(n, func(i int) string {
				key := []byte(strings.Repeat("\xff", 1+r.IntN(20)))
				for bit := range 16 {
					if i>>bit&1 == 1 {
						key = append(key, 0)
					} else {
						key = append(key, 0xff)
					}
				}
				return string(key)
			})
		}},
		{"keys that are prefixes of each other", func(_ *rand.Rand, n int) []string {
			return repeated(min(n, 2000), func(i int) string { return strings.Repeat("x", i+1) })
		}},
		{"keys that differ in their last zeros", func(_ *rand.Rand, n int) []string {
			return repeated(min(n, 300), func(i int) string { return "k" + strings.Repeat("\x00", i) })
		}},
		{"keys of one kind after the other", func(r *rand.Rand, n int) []string {
			return repeated(n, func(i int) string {
				switch i * 4 / n {
				case 0:
					return fmt.Sprintf("%d", i)
				case 1:
					return fmt.Sprintf("a/%x", randomBytes(r, 16))
				case 2:
					return "b/" + randomBytes(r, 8)
				}
				return fmt.Sprintf("c/%c%c/%07d", 'a'+r.IntN(26), 'A'+r.IntN(26), i)
			})
		}},
		{"clusters within clusters", func(r *rand.Rand, n int) []string {
			return repeated(n, func(i int) string {
				depth := r.IntN(8)
				return "/" + strings.Repeat(fmt.Sprintf("d%d/", depth), 1+depth) + fmt.Sprintf("%05d", i)
			})
		}},
		{"paths", func(r *rand.Rand, n int) []string {
			words := []string{"config", "service", "lock", "leader", "a", "zz", "é"}
			return repeated(n, func(i int) string {
				return fmt.Sprintf("/%s/%s/%d/%s", words[r.IntN(len(words))], words[r.IntN(len(words))], r.IntN(50), words[i%len(words)]+fmt.Sprint(i))
			})
		}},
	}
}

// read reads q and fails the test where it ends with an error.
func read(t *testing.T, s *server, q Query) *collector {
	t.Helper()
	c := &collector{}
	if q.Timeout == 0 {
		q.Timeout = time.Minute
	}
	if err := Read(t.Context(), s.kv(), q, c); err != nil {
		t.Fatalf("Read(%+v) = %v", q, err)
	}
	if c.begun != 1 || c.ended != 1 {
		t.Fatalf("Read(%+v) began its sink %d times and ended it %d times, want once each", q, c.begun, c.ended)
	}
	return c
}

// plain is the answer to q in one request.
func plain(t *testing.T, s *server, q Query) *pb.RangeResponse {
	t.Helper()
	response, err := (&server{keys: s.keys, revision: s.revision}).Range(t.Context(), &pb.RangeRequest{
		Key: []byte(q.Key), RangeEnd: []byte(q.End), Limit: q.Limit, Revision: q.Revision, KeysOnly: q.KeysOnly,
	})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestReadIsOnePlainGet(t *testing.T) {
	r := newRand(t)
	for _, d := range distributions() {
		for _, streams := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, streams %t", d.name, streams), func(t *testing.T) {
				for range 6 {
					keys := d.keys(r, 1+r.IntN(6000))
					some := func() string { return keys[r.IntN(len(keys))] }
					queries := []Query{
						{Key: openEnd, End: openEnd},
						{Key: some(), End: some()},
						{Key: some(), End: openEnd},
						{Key: some()},
						{Key: keys[0], End: keys[0] + "\xff"},
						{Key: some() + "\x00", End: some() + "x"},
					}
					q := queries[r.IntN(len(queries))]
					q.KeysOnly, q.Serializable = r.IntN(2) == 0, r.IntN(2) == 0
					if r.IntN(2) == 0 {
						q.Limit = 1 + r.Int64N(int64(len(keys)+10))
					}
					if r.IntN(3) == 0 {
						q.Revision = 1000
					}
					s := newServer(streams, keys...)
					if got, want := read(t, s, q).result(), plain(t, s, q); !proto.Equal(got, want) {
						t.Fatalf("Read(%+v) of %d keys has %d keys, more %t, count %d; a plain get has %d, %t, %d",
							q, len(s.keys), len(got.GetKvs()), got.GetMore(), got.GetCount(), len(want.GetKvs()), want.GetMore(), want.GetCount())
					}
				}
			})
		}
	}
}

// What a page costs the server is the number of keys up to its range end, so
// the sum over all pages must stay near to the number of keys.
func TestPagesMakeTheServerCountLittle(t *testing.T) {
	const n = 100_000
	r := newRand(t)
	for _, d := range distributions() {
		t.Run(d.name, func(t *testing.T) {
			s := newServer(false, d.keys(r, n)...)
			read(t, s, Query{Key: openEnd, End: openEnd})
			keys, cost := int64(len(s.keys)), s.cost()
			requests, _ := s.seen()
			t.Logf("%d keys: %d requests counted %d keys, %.1f times as many", keys, len(requests), cost, float64(cost)/float64(keys))
			// The first request counts all keys; the pages count each about
			// once, and again where the distance between keys changes.
			if most := 6*keys + 20*firstBlock; cost > most {
				t.Errorf("%d requests for %d keys made the server count %d, want at most %d", len(requests), keys, cost, most)
			}
			if most := 60 + int(keys/1000); len(requests) > most {
				t.Errorf("%d keys took %d requests, want at most %d", keys, len(requests), most)
			}
		})
	}
}

func TestALimitedReadAsksForLittleMoreThanTheLimit(t *testing.T) {
	s := newServer(false, repeated(100_000, func(i int) string { return fmt.Sprintf("%08d", i) })...)
	read(t, s, Query{Key: openEnd, End: openEnd, Limit: 5000})
	pages := s.cost() - int64(len(s.keys)) // less what the first request counts
	if pages > 20_000 {
		t.Errorf("a limit of 5000 keys made the server count %d, want at most 20000", pages)
	}
	s = newServer(false, repeated(100_000, func(i int) string { return fmt.Sprintf("%08d", i) })...)
	read(t, s, Query{Key: openEnd, End: openEnd, Limit: 60})
	if len(s.requests) != 1 || s.requests[0].GetLimit() != 60 {
		t.Errorf("a limit of 60 keys took %v, want one request with that limit", s.requests)
	}
}

func TestEveryBlockHasTheRevisionOfTheFirst(t *testing.T) {
	for _, streams := range []bool{true, false} {
		s := newServer(streams, repeated(3000, func(i int) string { return fmt.Sprintf("%08d", i) })...)
		read(t, s, Query{Key: openEnd, End: openEnd})
		requests, opened := s.seen()
		for i, request := range append(requests, opened...) {
			want := int64(1000)
			if i == 0 {
				want = 0
			}
			if request.GetRevision() != want {
				t.Errorf("streams %t: request %d has revision %d, want %d", streams, i, request.GetRevision(), want)
			}
		}
	}
}

func TestPagesStaySmallWhereValuesAreLarge(t *testing.T) {
	s := newServer(false, repeated(3000, func(i int) string { return fmt.Sprintf("%08d", i) })...)
	for _, kv := range s.keys {
		kv.Value = make([]byte, 20<<10)
	}
	read(t, s, Query{Key: openEnd, End: openEnd})
	requests, _ := s.seen()
	for _, request := range requests[1:] {
		if size := request.GetLimit() * 20 << 10; size > 4*blockBytes {
			t.Errorf("a page may have %d keys, %d bytes of values; want at most %d", request.GetLimit(), size, 4*blockBytes)
		}
	}
}

// Blocks that are too large are asked for again with fewer keys, down to one.
func TestBlocksThatAreTooLargeAreAskedForAgain(t *testing.T) {
	for _, most := range []int64{1, 7, 50, 1000} {
		for _, streams := range []bool{true, false} {
			s := newServer(streams, numbers(3000)...)
			tooLarge := func(_ int, r *pb.RangeRequest) error {
				if r.GetLimit() > most && string(r.GetKey()) < "00002000" {
					return etcd.ErrTooLarge
				}
				return nil
			}
			s.fails = tooLarge
			s.breaks = func(int, *pb.RangeRequest) error { return etcd.ErrTooLarge }
			q := Query{Key: openEnd, End: openEnd}
			if got, want := read(t, s, q).result(), plain(t, newServer(streams, numbers(3000)...), q); !proto.Equal(got, want) {
				t.Errorf("blocks of %d keys, streams %t: read %d keys of %d", most, streams, len(got.GetKvs()), len(want.GetKvs()))
			}
		}
	}
}

func numbers(n int) []string {
	return repeated(n, func(i int) string { return fmt.Sprintf("%08d", i) })
}

// incomplete reads everything and returns the error that says that keys are
// missing.
func incomplete(t *testing.T, s *server) (*IncompleteError, *collector) {
	t.Helper()
	c := &collector{}
	err := Read(t.Context(), s.kv(), Query{Key: openEnd, End: openEnd, Timeout: time.Minute}, c)
	var e *IncompleteError
	if !errors.As(err, &e) {
		t.Fatalf("Read = %v, want an IncompleteError", err)
	}
	if e.Read != int64(len(c.kvs)) {
		t.Errorf("the error says that %d keys were read, and there are %d", e.Read, len(c.kvs))
	}
	if c.ended != 0 {
		t.Error("the sink was ended, though keys are missing")
	}
	return e, c
}

func TestACompactionInTheMiddleSaysThatTheOutputIsIncomplete(t *testing.T) {
	for _, streams := range []bool{true, false} {
		s := newServer(streams, numbers(5000)...)
		compacted := func(n int, _ *pb.RangeRequest) error {
			if n >= 2 { // from then on: a page that is not needed after all may fail
				return rpctypes.ErrGRPCCompacted
			}
			return nil
		}
		s.fails, s.breaks = compacted, compacted
		e, _ := incomplete(t, s)
		want := fmt.Sprintf("etcdserver: mvcc: required revision has been compacted: the output is incomplete: "+
			"it has %d of 5000 keys of revision 1000, which was compacted meanwhile", e.Read)
		if e.Error() != want || !errors.Is(e, rpctypes.ErrCompacted) {
			t.Errorf("streams %t: the error is %q, want %q", streams, e, want)
		}
	}
}

func TestAnErrorOfTheFirstBlockIsTheServersOwn(t *testing.T) {
	s := newServer(true, numbers(500)...)
	c := &collector{}
	err := Read(t.Context(), s.kv(), Query{Key: "a", End: "b", Revision: 2000, Timeout: time.Minute}, c)
	if !errors.Is(err, rpctypes.ErrFutureRev) || len(s.requests) != 1 || c.begun != 0 {
		t.Errorf("a revision of the future = %v after %d requests; want the server's error at once and nothing printed", err, len(s.requests))
	}
}

func TestAnErrorOfPermissionInTheMiddleEndsIt(t *testing.T) {
	for _, streams := range []bool{true, false} {
		s := newServer(streams, numbers(5000)...)
		denied := func(n int, _ *pb.RangeRequest) error {
			if n >= 2 { // from then on: a page that is not needed after all may fail
				return rpctypes.ErrGRPCPermissionDenied
			}
			return nil
		}
		s.fails, s.breaks = denied, denied
		if e, _ := incomplete(t, s); !strings.HasPrefix(e.Error(), "etcdserver: permission denied: the output is incomplete: it has ") {
			t.Errorf("streams %t: the error is %q", streams, e)
		}
	}
}

// The server tells a stream at its end, or a broken connection in its middle.
func TestABrokenStreamIsTakenUpBehindItsLastKey(t *testing.T) {
	for _, broken := range []error{errGone, rpctypes.ErrGRPCNoLeader, rpctypes.ErrGRPCStopped, rpctypes.ErrGRPCAuthOldRevision, rpctypes.ErrGRPCFutureRev} {
		for _, limit := range []int64{0, 777, 1000, 1001, 6000} {
			s := newServer(true, numbers(2000)...)
			s.breaks = func(n int, _ *pb.RangeRequest) error {
				if n%7 == 3 || n > 30 && n%2 == 0 {
					return broken
				}
				return nil
			}
			q := Query{Key: openEnd, End: openEnd, Limit: limit}
			if got, want := read(t, s, q).result(), plain(t, s, q); !proto.Equal(got, want) {
				t.Errorf("%v, limit %d: Read has %d keys, more %t, count %d; a plain get has %d, %t, %d", broken, limit,
					len(got.GetKvs()), got.GetMore(), got.GetCount(), len(want.GetKvs()), want.GetMore(), want.GetCount())
			}
			for _, request := range s.opened {
				if request.GetRevision() != 1000 {
					t.Errorf("%v: a stream was taken up at revision %d, want 1000", broken, request.GetRevision())
				}
			}
		}
	}
}

func TestAStreamThatBreaksBehindItsLastKeyIsWhole(t *testing.T) {
	s := newServer(true, numbers(2000)...)
	s.breaks = func(_ int, _ *pb.RangeRequest) error {
		if s.blocks == (2000-firstBlock)/chunk+1 { // the end of the stream is asked for
			return rpctypes.ErrGRPCAuthOldRevision
		}
		return nil
	}
	if c := read(t, s, Query{Key: openEnd, End: openEnd}); len(c.kvs) != 2000 || len(s.opened) != 1 {
		t.Errorf("a stream that broke after its last key brought %d keys in %d streams, want 2000 in one", len(c.kvs), len(s.opened))
	}
}

func TestPagesTakeOverWhereStreamsNeverBringAnything(t *testing.T) {
	s := newServer(true, numbers(20_000)...)
	s.breaks = func(int, *pb.RangeRequest) error { return errGone }
	if c := read(t, s, Query{Key: openEnd, End: openEnd}); len(c.kvs) != 20_000 {
		t.Errorf("Read has %d keys, want 20000", len(c.kvs))
	}
	if len(s.opened) > maxBarren {
		t.Errorf("%d streams were tried in vain, want at most %d", len(s.opened), maxBarren)
	}
	for limit := firstBlock + int64(1); limit < firstBlock+4*smallBlock; limit++ {
		q := Query{Key: openEnd, End: openEnd, Limit: limit}
		if got, want := read(t, s, q).result(), plain(t, s, q); !proto.Equal(got, want) {
			t.Errorf("Read with a limit of %d keys has %d, more %t", limit, len(got.GetKvs()), got.GetMore())
		}
	}
}

func TestALostConnectionThatDoesNotComeBackSaysThatTheOutputIsIncomplete(t *testing.T) {
	s := newServer(true, numbers(5000)...)
	s.breaks = func(n int, _ *pb.RangeRequest) error {
		if n > 20 {
			return errGone
		}
		return nil
	}
	s.fails = func(n int, _ *pb.RangeRequest) error {
		if n > 0 {
			return errGone
		}
		return nil
	}
	if e, c := incomplete(t, s); len(c.kvs) < 1000 || !strings.Contains(e.Error(), "error reading from server: EOF: the output is incomplete") {
		t.Errorf("after %d keys the error is %q, want the connection's and all keys that came", len(c.kvs), e)
	}
}

// A member that lags behind does not know the pinned revision yet.
func TestAMemberThatLagsBehindIsGivenTime(t *testing.T) {
	for _, streams := range []bool{true, false} {
		for _, pinned := range []int64{0, 1000} {
			s := newServer(streams, numbers(2000)...)
			lagging := func(n int, _ *pb.RangeRequest) error {
				if n == 1 || n == 2 {
					return rpctypes.ErrGRPCFutureRev
				}
				return nil
			}
			s.fails = lagging
			if streams {
				s.breaks = lagging
			}
			q := Query{Key: openEnd, End: openEnd, Serializable: true, Revision: pinned}
			if c := read(t, s, q); len(c.kvs) != 2000 {
				t.Errorf("streams %t, revision %d: Read has %d keys, want 2000", streams, pinned, len(c.kvs))
			}
		}
	}
}

func TestAMemberThatStaysBehindEndsInATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(false, numbers(2000)...)
		s.fails = func(n int, _ *pb.RangeRequest) error {
			if n > 1 {
				return rpctypes.ErrGRPCFutureRev
			}
			return nil
		}
		err := Read(t.Context(), s.kv(), Query{Key: openEnd, End: openEnd, Timeout: 300 * time.Millisecond, Serializable: true}, &collector{})
		if !errors.Is(err, rpctypes.ErrFutureRev) || !strings.Contains(err.Error(), "the output is incomplete") {
			t.Errorf("Read = %v, want the server's error and that the output is incomplete", err)
		}
	})
}

func TestTheErrorOfTheSinkEndsTheReading(t *testing.T) {
	full := errors.New("no space left on device")
	for _, streams := range []bool{true, false} {
		for _, at := range []int{1, firstBlock + 1, 1500} {
			s := newServer(streams, numbers(100_000)...)
			c := &collector{onKeys: func(read int) error {
				if read >= at {
					return full
				}
				return nil
			}}
			err := Read(t.Context(), s.kv(), Query{Key: openEnd, End: openEnd, Timeout: time.Minute}, c)
			if err != full { //nolint:errorlint // the very error, not wrapped
				t.Errorf("streams %t, after %d keys: Read = %v, want the sink's error itself", streams, at, err)
			}
			if len(c.kvs) > at+largeBlock {
				t.Errorf("streams %t: %d keys were read after the error at %d", streams, len(c.kvs)-at, at)
			}
		}
	}
}

func TestAnInterruptEndsTheReading(t *testing.T) {
	for _, streams := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		s := newServer(streams, numbers(100_000)...)
		c := &collector{onKeys: func(read int) error {
			if read > 300 {
				cancel()
			}
			return nil
		}}
		err := Read(ctx, s.kv(), Query{Key: openEnd, End: openEnd, Timeout: time.Minute}, c)
		if !errors.Is(err, context.Canceled) || len(c.kvs) == 100_000 {
			t.Errorf("streams %t: an interrupted Read = %v after %d keys, want the interrupt", streams, err, len(c.kvs))
		}
		cancel()
	}
}

// stalling makes the server keep silent from the n-th block on.
func stalling(t *testing.T, s *server, from int) {
	t.Helper()
	stopped := make(chan struct{})
	t.Cleanup(func() { close(stopped) })
	silent := func(n int, _ *pb.RangeRequest) error {
		if n < from {
			return nil
		}
		select {
		case <-stopped:
		case <-time.After(200 * time.Millisecond): // longer than the timeout
		}
		return status.Error(codes.DeadlineExceeded, context.DeadlineExceeded.Error())
	}
	s.fails, s.breaks = silent, silent
}

func TestASilentServerEndsInATimeout(t *testing.T) {
	for _, streams := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(streams, numbers(5000)...)
			stalling(t, s, 1)
			err := Read(t.Context(), s.kv(), Query{Key: openEnd, End: openEnd, Timeout: 50 * time.Millisecond}, &collector{})
			var e *IncompleteError
			if !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("streams %t: Read = %v, want a deadline exceeded, and that the output is incomplete", streams, err)
			}
		})
	}
}

// The timeout is for each block and not for what the reader of the output takes.
func TestASlowSinkIsNoTimeout(t *testing.T) {
	for _, streams := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(streams, numbers(400)...)
			c := &collector{onKeys: func(int) error {
				time.Sleep(60 * time.Millisecond)
				return nil
			}}
			if err := Read(t.Context(), s.kv(), Query{Key: openEnd, End: openEnd, Timeout: 40 * time.Millisecond}, c); err != nil || len(c.kvs) != 400 {
				t.Errorf("streams %t: Read with a slow sink = %v after %d keys, want all 400", streams, err, len(c.kvs))
			}
		})
	}
}

// What one response cannot show is found between several: pages that together
// have not as many keys as the first one counts, and pages of another cluster.
func TestAListingThatContradictsItselfIsAnError(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 400 {
		names = append(names, fmt.Sprintf("key%04d", i))
	}
	for want, lie := range map[string]func(n int, r *pb.RangeResponse){
		"fewer keys than it counts: the output is incomplete: it has ": func(n int, r *pb.RangeResponse) {
			if n == 0 {
				r.Count += 3
			}
		},
		"more keys than it counts: the output is incomplete: it has ": func(n int, r *pb.RangeResponse) {
			if n == 0 {
				r.Count -= 3
			}
		},
		"different clusters; check --endpoints: the output is incomplete: it has ": func(n int, r *pb.RangeResponse) {
			if n > 0 {
				r.Header.ClusterId++
			}
		},
	} {
		t.Run(want, func(t *testing.T) {
			for _, streams := range []bool{false, true} {
				s := newServer(streams, names...)
				s.lies = lie
				if streams { // the lie of its last block
					s.lies = func(n int, r *pb.RangeResponse) {
						if n != 0 || r.GetMore() {
							lie(n, r)
						}
					}
				}
				var got collector
				err := Read(t.Context(), s.kv(), Query{Key: "k", End: "l", Timeout: 5 * time.Second}, &got)
				var cut *IncompleteError
				if !errors.As(err, &cut) || !strings.Contains(err.Error(), want) || got.ended > 0 {
					t.Errorf("streams %t: the error is %v after %d keys, want %q", streams, err, len(got.kvs), want)
				}
			}
		})
	}
}

// A lower percentage costs CPU time, which short commands must not pay.
func TestOnlyALargeRangeLowersThePercentageOfTheGarbageCollector(t *testing.T) {
	for _, c := range []struct {
		name string
		keys int
		want []int
	}{
		{"one block", firstBlock, nil},
		{"more than one block", firstBlock + 1, []int{gcPercent}},
	} {
		for _, streams := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, streams %t", c.name, streams), func(t *testing.T) {
				var keys []string
				for i := range c.keys {
					keys = append(keys, fmt.Sprintf("/key%04d", i))
				}
				s := newServer(streams, keys...)
				var got []int
				lower := func(percent int) { got = append(got, percent) }
				read(t, s, Query{Key: openEnd, End: openEnd, GCPercent: lower})
				if !slices.Equal(got, c.want) {
					t.Errorf("Read has set %v, want %v", got, c.want)
				}
				got = nil
				q := LevelQuery{Levels: Levels{Prefix: "/", Delimiter: "/"}, Depth: 1, Ranges: under("/"), GCPercent: lower}
				readLevels(t, s, q)
				if got := slices.Compact(got); !slices.Equal(got, c.want) {
					t.Errorf("ReadLevels has set %v, want %v", got, c.want)
				}
			})
		}
	}
}
