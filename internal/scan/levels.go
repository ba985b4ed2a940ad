package scan

import (
	"bytes"
	"context"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/progress"
)

// LevelQuery selects a level of keys and the levels below it, down to Depth. The result
// has the keys of these levels. Deeper keys are represented by the subtrees that contain
// them.
type LevelQuery struct {
	Levels
	Depth int // at least 1

	Ranges   []access.Range // to read, in order; their keys start with Levels.Prefix
	Revision int64          // 0: the newest
	Values   bool           // read the values of keys, too
	Timeout  time.Duration  // of each request, as in Query

	GCPercent func(percent int) // as in Query
}

// Levels defines how keys are split into levels: at each Delimiter after Prefix.
type Levels struct{ Prefix, Delimiter string }

// Cut returns the length of the part of key that names its subtree at depth, including
// the delimiter. It returns 0 if key is not that deep, and so is in no such subtree. If
// Prefix is empty, a delimiter at the start of key opens no level: /app/x is in the
// subtree /app/.
func (l Levels) Cut(key []byte, depth int) int {
	at := len(l.Prefix)
	if at == 0 && bytes.HasPrefix(key, []byte(l.Delimiter)) {
		at = len(l.Delimiter)
	}
	for range depth {
		i := strings.Index(string(key[at:]), l.Delimiter)
		if i < 0 {
			return 0
		}
		at += i + len(l.Delimiter)
	}
	return at
}

// ReadLevels reads the entries of q and passes them to sink, in the order of their keys
// and all at one revision. A subtree is passed as a key with version 0, which no stored
// key has. Its name ends with its last delimiter.
//
// A large subtree is skipped: the next request begins after it. The end of that request
// is chosen so that there are few keys up to it, because the server counts them all (see
// ladder). Small subtrees and plain keys are read in pages like those of Read.
//
// The error is that of the server or of sink. Once sink has received entries, an error of
// the server becomes an *IncompleteError, unless ctx has ended. End of sink receives the
// number of entries as count.
func ReadLevels(ctx context.Context, kv clientv3.KV, q LevelQuery, sink Sink) error {
	l := &levelReader{
		LevelQuery: q,
		reader:     &reader{kv: kv, q: Query{KeysOnly: !q.Values, Timeout: q.Timeout, GCPercent: q.GCPercent}, sink: sink, pinned: q.Revision},
	}
	ctx, l.shown = progress.Count(ctx, reading)
	defer l.shown.End()
	for _, r := range q.Ranges {
		err := l.readRange(ctx, r)
		switch {
		case err == nil:
		case l.read == 0 || isSinkError(err) || ctx.Err() != nil:
			return unwrapSink(err)
		default:
			return &IncompleteError{Read: l.read, Count: unknownCount, Revision: l.pinned, Err: err}
		}
	}
	return sink.End(false, l.read)
}

// levelReader reads levels. Its reader counts entries instead of keys.
type levelReader struct {
	LevelQuery
	*reader

	last    string             // the last subtree that was passed on
	entries []*mvccpb.KeyValue // of one page; the memory is reused
}

// window is a range that begins at the next key. keys is an upper bound of its number of
// keys.
type window struct {
	end  string
	keys int64
}

// fewKeys is a number of keys that a server can count in about the time of one request.
const fewKeys = 10_000

func (l *levelReader) readRange(ctx context.Context, r access.Range) error {
	end := string(r.End)
	if end == "" {
		end = after(r.Key)
	}
	got, err := l.fetchLevel(ctx, segment{from: string(r.Key), end: end, limit: firstBlock})
	if err != nil {
		return err
	}
	rest := window{end, got.count}
	if len(got.kvs) == 0 {
		return nil
	}
	l.q.End, l.next = end, after(got.kvs[len(got.kvs)-1].GetKey())
	plan, climb := newPlanner(l.reader, got.kvs), ladder{levels: l.Levels, end: end}
	for {
		plan.observe(got.page)
		left, err := l.take(got)
		if err != nil {
			return err
		}
		if l.next == openEnd || !before(l.next, end) {
			return nil
		}
		near := window{got.end, got.count - left.passed}
		rest.keys = max(0, rest.keys-left.passed)

		var s segment
		switch {
		case left.subtree != nil:
			climb.start(left.subtree, l.Depth)
			plan.block = firstBlock / blockGrowth
			s = segment{from: l.next, end: climb.reach(l.next), limit: min(firstBlock, plan.nextBlock())}
		case len(got.kvs) == 0 && climb.climbing():
			s = segment{from: l.next, end: climb.reach(l.next), limit: min(firstBlock, plan.nextBlock())}
		default:
			climb.stop()
			plan.replan(l.next)
			s = plan.next()
		}
		for _, w := range []window{near, rest} {
			// If there are few keys up to an end, a nearer end is no better.
			if w.keys <= fewKeys && before(l.next, w.end) && before(s.end, w.end) && s.end != openEnd {
				s.end = w.end
			}
		}
		l.q.large()
		if got, err = l.fetchLevel(ctx, s); err != nil {
			return err
		}
	}
}

// levelPage is a page and the number of keys in its segment.
type levelPage struct {
	page
	count int64
}

func (l *levelReader) fetchLevel(ctx context.Context, s segment) (levelPage, error) {
	response, limit, err := l.get(ctx, s.from, s.end, s.limit)
	if err != nil {
		return levelPage{}, err
	}
	if l.pinned == 0 {
		l.pinned = response.Header.GetRevision()
	}
	if !l.following {
		l.following, l.cluster = true, response.Header.GetClusterId()
		if err := l.sink.Begin(response.Header); err != nil {
			return levelPage{}, sinkError{err}
		}
	}
	return levelPage{pageOf(s, response, limit), response.Count}, nil
}

// before reports whether key comes before end. Every key comes before openEnd.
func before(key, end string) bool { return end == openEnd || key < end }

// taken is the result of take.
type taken struct {
	passed  int64  // keys of the segment that are known to be before l.next
	subtree []byte // the last key, if the rest of its subtree is skipped
}

// skipFrom is how many keys per entry a page must have for the rest of its last subtree
// to be skipped. To read that many keys takes about as long as a request.
const skipFrom = firstBlock

// take passes on the new entries of a page. It sets l.next to the first key after the
// page, or after the subtree that the page ends in.
func (l *levelReader) take(p levelPage) (taken, error) {
	l.next = p.end
	keys := int64(len(p.kvs))
	if keys == 0 {
		return taken{passed: p.count}, nil
	}
	lastKey := p.kvs[keys-1].GetKey()
	entries, distinct := l.entries[:0], int64(0)
	for _, kv := range p.kvs {
		cut := l.Cut(kv.GetKey(), l.Depth)
		if cut == 0 {
			distinct++
			entries = append(entries, kv)
			continue
		}
		if word := kv.GetKey()[:cut]; string(word) != l.last {
			distinct++
			l.last = string(word)
			entries = append(entries, &mvccpb.KeyValue{Key: word})
		}
	}
	l.entries = entries
	if p.more {
		l.next = after(lastKey)
	}
	result := taken{passed: p.count}
	cut := l.Cut(lastKey, l.Depth)
	if cut > 0 && keys >= min(skipFrom, p.limit)*max(1, distinct) {
		result.subtree = lastKey
		if end := string(access.PrefixEnd(lastKey[:cut])); end == openEnd || end > l.next {
			l.next = end
		}
	}
	if l.next != openEnd && l.next < p.end || p.end == openEnd {
		result.passed = keys
	}
	if len(entries) == 0 {
		return result, nil
	}
	l.read += int64(len(entries))
	l.shown.Add(int64(len(entries)))
	if err := l.sink.Keys(entries); err != nil {
		return taken{}, sinkError{err}
	}
	return result, nil
}
