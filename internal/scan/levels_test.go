package scan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/access"
)

// levelsOf are the entries of q, found by looking at each key.
func levelsOf(s *server, q LevelQuery) []string {
	var words []string
	for _, r := range q.Ranges {
		for _, kv := range s.between(r.Key, r.End) {
			word := string(kv.GetKey())
			if cut := q.Cut(kv.GetKey(), q.Depth); cut > 0 {
				word = "subtree " + word[:cut]
			}
			words = append(words, word)
		}
	}
	return slices.Compact(words)
}

func readLevels(t *testing.T, s *server, q LevelQuery) []string {
	t.Helper()
	q.Timeout = time.Minute
	c := &collector{}
	if err := ReadLevels(t.Context(), s.kv(), q, c); err != nil {
		t.Fatalf("ReadLevels = %v", err)
	}
	if c.begun != 1 || c.ended != 1 || c.count != int64(len(c.kvs)) {
		t.Fatalf("the sink was begun %d times, ended %d times and told of %d entries, of which it has %d", c.begun, c.ended, c.count, len(c.kvs))
	}
	var words []string
	for _, kv := range c.kvs {
		if kv.GetVersion() == 0 {
			words = append(words, "subtree "+string(kv.GetKey()))
		} else {
			words = append(words, string(kv.GetKey()))
		}
	}
	return words
}

func under(prefix string) []access.Range {
	if prefix == "" {
		return []access.Range{{Key: []byte(openEnd), End: []byte(openEnd)}}
	}
	return []access.Range{{Key: []byte(prefix), End: access.PrefixEnd([]byte(prefix))}}
}

// levelDistributions are ways in which keys may lie in subtrees.
func levelDistributions() []distribution {
	return append(distributions(),
		distribution{"ten subtrees", func(_ *rand.Rand, n int) []string {
			return repeated(n, func(i int) string { return fmt.Sprintf("/level/%c/%07d", 'a'+i%10, i) })
		}},
		distribution{"numbered subtrees", func(_ *rand.Rand, n int) []string {
			return repeated(n, func(i int) string { return fmt.Sprintf("/level/%d/%07d", i%30, i) })
		}},
		distribution{"subtrees by name", func(_ *rand.Rand, n int) []string {
			names := []string{"alpha", "beta", "configmaps", "configmaps.x", "events", "leases", "pods", "secrets", "z"}
			return repeated(n, func(i int) string { return fmt.Sprintf("/registry/%s/%x/%d", names[i%len(names)], i%7, i) })
		}},
		distribution{"subtrees by UUID", func(r *rand.Rand, n int) []string {
			names := repeated(20, func(int) string { return fmt.Sprintf("%x", randomBytes(r, 16)) })
			return repeated(n, func(i int) string { return fmt.Sprintf("/u/%s/key-%d", names[i%len(names)], i) })
		}},
		distribution{"large and small subtrees and keys", func(r *rand.Rand, n int) []string {
			return repeated(n, func(i int) string {
				switch r.IntN(3) {
				case 0:
					return fmt.Sprintf("/m/key%d", i)
				case 1:
					return fmt.Sprintf("/m/small%d/%d", i/5, i)
				}
				return fmt.Sprintf("/m/large%d/%d", i%4, i)
			})
		}},
		distribution{"keys that are subtrees too", func(_ *rand.Rand, n int) []string {
			return repeated(n, func(i int) string {
				return "/" + strings.Repeat("/", i%3) + fmt.Sprint(i%50) + strings.Repeat("/", i%4) + fmt.Sprint(i/50)
			})
		}},
	)
}

func TestLevelsAreThoseOfAllKeys(t *testing.T) {
	r := newRand(t)
	for _, d := range levelDistributions() {
		t.Run(d.name, func(t *testing.T) {
			for range 12 {
				s := newServer(false, d.keys(r, 1+r.IntN(20_000))...)
				key := func() string { return string(s.keys[r.IntN(len(s.keys))].GetKey()) }
				some := key()
				prefixes := []string{"", "", "/", some[:r.IntN(len(some)+1)]}
				delimiters := []string{"/", "/", "/", "-", "0", "d3", "\xff", "\x00"}
				q := LevelQuery{Levels: Levels{prefixes[r.IntN(len(prefixes))], delimiters[r.IntN(len(delimiters))]}, Depth: 1 + r.IntN(3), Values: r.IntN(2) == 0}
				q.Ranges = under(q.Prefix)
				if other := key(); r.IntN(4) == 0 && q.Prefix == "" && some < other {
					q.Ranges = []access.Range{{Key: []byte(some), End: []byte(other)}, {Key: []byte(other)}, {Key: []byte(other + "x"), End: []byte(openEnd)}}
				}
				if got, want := readLevels(t, s, q), levelsOf(s, q); !slices.Equal(got, want) {
					t.Fatalf("%d keys under %q at %q, depth %d: %d entries, want %d; the first difference is at %s",
						len(s.keys), q.Prefix, q.Delimiter, q.Depth, len(got), len(want), difference(got, want))
				}
			}
		})
	}
}

func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%d: %q, want %q", i, got[i], want[i])
		}
	}
	return "the end of one"
}

// The first request counts all keys, the others together as many a few times
// over at most; and few keys are read of a large subtree.
func TestSubtreesAreSkipped(t *testing.T) {
	const n = 100_000
	r := newRand(t)
	for _, d := range levelDistributions() {
		t.Run(d.name, func(t *testing.T) {
			s := newServer(false, d.keys(r, n)...)
			for depth := 1; depth <= 2; depth++ {
				s.requests, s.counted = nil, 0
				first, last := string(s.keys[0].GetKey()), string(s.keys[len(s.keys)-1].GetKey())
				prefix := first[:commonPrefix(first, last)]
				q := LevelQuery{Levels: Levels{prefix[:strings.LastIndex(prefix, "/")+1], "/"}, Depth: depth}
				q.Ranges = under(q.Prefix)
				entries := len(readLevels(t, s, q))
				keys, read := len(s.keys), 0
				for _, r := range s.requests {
					read += int(min(r.GetLimit(), int64(len(s.between(r.GetKey(), r.GetRangeEnd())))))
				}
				t.Logf("depth %d: %d keys, %d entries: %d requests read %d keys and counted %.2f times all", depth, keys, entries, len(s.requests), read, float64(s.counted)/float64(keys))
				if most := int64(8*keys + 20*firstBlock); s.counted > most {
					t.Errorf("depth %d: %d requests for %d entries of %d keys made the server count %d, want at most %d", depth, len(s.requests), entries, keys, s.counted, most)
				}
				if most := 60 + min(12*entries, keys/500); len(s.requests) > most {
					t.Errorf("depth %d: %d entries of %d keys took %d requests, want at most %d", depth, entries, keys, len(s.requests), most)
				}
				if most := 1000 + 500*entries; read > most {
					t.Errorf("depth %d: %d keys were read for %d entries, want at most %d", depth, read, entries, most)
				}
			}
		})
	}
}

// What the ends of requests are for: after the first request, which counts
// all keys, the server counts hardly any.
func TestSubtreesThatAreAlikeAreHardlyCounted(t *testing.T) {
	s := newServer(false, repeated(300_000, func(i int) string { return fmt.Sprintf("/level/%c/%07d", 'a'+i%10, i/10) })...)
	q := LevelQuery{Levels: Levels{"/level/", "/"}, Depth: 1, Ranges: under("/level/")}
	if entries := readLevels(t, s, q); len(entries) != 10 {
		t.Fatalf("the entries are %q, want ten subtrees", entries)
	}
	if behind := s.counted - int64(len(s.keys)); behind > 30_000 || len(s.requests) > 30 {
		t.Errorf("behind the first, %d requests counted %d keys, want at most 30 and 30000", len(s.requests), behind)
	}
}

func failsAt(at int, err error) func(int, *pb.RangeRequest) error {
	return func(n int, _ *pb.RangeRequest) error {
		if n == at {
			return err
		}
		return nil
	}
}

func TestTheRevisionOfLevelsIsThatOfTheFirstRequest(t *testing.T) {
	s := newServer(false, repeated(20_000, func(i int) string { return fmt.Sprintf("%c/%d", 'a'+i%9, i) })...)
	q := LevelQuery{Levels: Levels{"", "/"}, Depth: 1, Ranges: under("")}
	readLevels(t, s, q)
	for i, r := range s.requests {
		if want := map[bool]int64{true: 0, false: 1000}[i == 0]; r.GetRevision() != want || r.GetSerializable() != (i > 0) {
			t.Errorf("request %d has the revision %d, serializable %t; want %d, and serializable but for the first", i, r.GetRevision(), r.GetSerializable(), want)
		}
	}
}

func TestLevelsThatAreCutOffSaySo(t *testing.T) {
	s := newServer(false, repeated(20_000, func(i int) string { return fmt.Sprintf("%c/%d", 'a'+i%9, i) })...)
	s.fails = failsAt(3, rpctypes.ErrGRPCCompacted)
	c := &collector{}
	err := ReadLevels(t.Context(), s.kv(), LevelQuery{Levels: Levels{"", "/"}, Depth: 1, Ranges: under(""), Timeout: time.Minute}, c)
	want := fmt.Sprintf("the output is incomplete: it has the first %d entries of revision 1000, which was compacted meanwhile", len(c.kvs))
	if !errors.Is(err, rpctypes.ErrCompacted) || !strings.Contains(err.Error(), want) || c.ended != 0 {
		t.Errorf("ReadLevels = %v, want that %s", err, want)
	}
	s.fails = failsAt(0, rpctypes.ErrGRPCPermissionDenied)
	s.requests = nil
	if err := ReadLevels(t.Context(), s.kv(), LevelQuery{Levels: Levels{"", "/"}, Depth: 1, Ranges: under(""), Timeout: time.Minute}, &collector{}); !errors.Is(err, rpctypes.ErrPermissionDenied) || strings.Contains(err.Error(), "incomplete") {
		t.Errorf("ReadLevels = %v, want the server's own error", err)
	}
}
