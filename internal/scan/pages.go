package scan

import (
	"context"
	"math/big"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
)

// pagesInFlight is how many pages are requested at the same time. The server reads one
// while another is decoded here.
const pagesInFlight = 2

// segment is a part of the range that is read as one page.
type segment struct {
	from, end string
	limit     int64 // max keys of the page
}

type page struct {
	segment
	kvs  []*mvccpb.KeyValue
	more bool // the segment has more keys
	cut  bool // it was requested again with a smaller limit
	err  error
}

// pending is a page that was requested.
type pending struct {
	result <-chan page
	cancel context.CancelFunc
}

// paged reads the rest of the range in pages, and passes them on in order.
func (r *reader) paged(ctx context.Context, first []*mvccpb.KeyValue) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := newPlanner(r, first)
	var pages []pending // in the order of their keys
	for {
		for len(pages) < pagesInFlight && !p.finished {
			pages = append(pages, r.fetch(ctx, p.next()))
		}
		if len(pages) == 0 {
			return nil
		}
		got := <-pages[0].result
		pages[0].cancel()
		if got.err != nil {
			return got.err
		}
		p.observe(got)
		if left := r.left(); left > 0 && int64(len(got.kvs)) > left {
			got.kvs = got.kvs[:left]
		}
		if pages = pages[1:]; got.more {
			// Keys are denser than expected: the pages in flight start too far away.
			for _, p := range pages {
				p.cancel()
			}
			pages = nil
			p.replan(after(got.kvs[len(got.kvs)-1].GetKey()))
		}
		if err := r.hand(got.kvs); err != nil {
			return sinkError{err}
		}
		if r.done() {
			return nil
		}
	}
}

func (r *reader) fetch(ctx context.Context, s segment) pending {
	ctx, cancel := context.WithCancel(ctx)
	result := make(chan page, 1)
	crash.Go(func() {
		response, limit, err := r.get(ctx, s.from, s.end, s.limit)
		if err != nil {
			result <- page{segment: s, err: err}
			return
		}
		result <- pageOf(s, response, limit)
	})
	return pending{result, cancel}
}

// pageOf returns the page of s in response. limit is that of the last request for it.
func pageOf(s segment, response *clientv3.GetResponse, limit int64) page {
	cut := limit < s.limit
	s.limit = limit
	return page{segment: s, kvs: response.Kvs, more: response.More, cut: cut}
}

// planner splits the range into segments. It learns the distance between keys, and their
// size, from the pages that were read.
type planner struct {
	end      string // of the whole range
	from     string // start of the next segment
	finished bool

	block      int64 // intended number of keys of the last segment
	growth     int64 // max factor from one block to the next
	sample     sample
	alphabet   *alphabet
	keys, size int64 // read so far; size is in bytes
	valueSize  int64 // bytes of an average key and value in the last page
}

// sample records the density of keys: how many of them lie between start and end.
type sample struct {
	start, end string
	keys       int64
}

func newPlanner(r *reader, first []*mvccpb.KeyValue) *planner {
	p := &planner{
		end: r.q.End, from: r.next, block: firstBlock, growth: blockGrowth,
		sample:   sample{string(first[0].GetKey()), r.next, int64(len(first))},
		alphabet: &alphabet{},
		keys:     r.read, size: r.size,
	}
	p.alphabet.learn(first)
	return p
}

func (p *planner) next() segment {
	p.block = p.nextBlock()
	end := p.sample.reach(p.alphabet, p.from, p.end, p.block)
	// The limit keeps a page small if the keys are suddenly denser.
	s := segment{from: p.from, end: end, limit: p.block * limitFactor}
	p.from, p.finished = end, end == p.end
	return s
}

// replan starts the next segment at from, and discards the earlier plan.
func (p *planner) replan(from string) { p.from, p.finished = from, false }

// nextBlock returns how many keys the next page should have to be of about blockBytes. It
// uses the average size in all pages or in the last page, whichever is larger. Values
// that have become large probably stay large for a while.
func (p *planner) nextBlock() int64 {
	want := int64(largeBlock)
	if p.size > 0 {
		want = blockBytes * p.keys / p.size
	}
	if p.valueSize > 0 {
		want = min(want, blockBytes/p.valueSize)
	}
	return max(minBlock, min(want, largeBlock, p.block*p.growth))
}

func (p *planner) observe(got page) {
	keys, size := int64(len(got.kvs)), bytesOf(got.kvs)
	p.keys += keys
	p.size += size
	if keys > 0 {
		p.valueSize = size / keys
	}
	if got.cut {
		// Large values are near, but their exact place is unknown. A longer step would
		// read all of them again and again.
		p.block, p.growth = max(minBlock, got.limit/limitFactor), carefulGrowth
	}
	p.alphabet.learn(got.kvs)
	end := got.end
	if got.more {
		end = after(got.kvs[keys-1].GetKey())
	}
	p.sample = sample{got.from, end, keys}
}

// windowBytes is how many bytes after the common prefix of two keys determine their
// distance.
const windowBytes = 16

// maxWidening is how many times wider than the sample a segment may be. The sample may
// not be representative of the keys that follow.
const maxWidening = 64

// reach returns an end for a segment that starts at from, so that it has about want keys.
// Keys are treated as numbers whose digits are the bytes of the alphabet. The expected
// density of the keys is that of the sample. If the estimate is beyond limit, the end of
// the whole range, reach returns limit.
func (s sample) reach(a *alphabet, from, limit string, want int64) string {
	for _, a := range []*alphabet{a, allBytes()} {
		guess, ok := s.reachBy(a, from, want)
		if ok && guess > from && (limit == openEnd || guess < limit) {
			return guess
		}
	}
	return limit
}

func (s sample) reachBy(a *alphabet, from string, want int64) (guess string, ok bool) {
	scale := scale{a, from, commonPrefix(s.start, s.end) + windowBytes}
	distance := new(big.Int).Sub(scale.number(s.end), scale.number(s.start))
	if distance.Sign() <= 0 || len(a.digits) < 2 {
		return "", false
	}
	if s.keys == 0 || want/s.keys >= maxWidening {
		distance.Mul(distance, big.NewInt(maxWidening))
	} else {
		distance.Mul(distance, big.NewInt(want))
		distance.Div(distance, big.NewInt(s.keys))
	}
	return scale.key(distance.Add(distance, scale.number(from)))
}

const openEnd = "\x00"

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
