package scan

import (
	"context"
	"math/big"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// paged reads the rest of the range in pages. The next page is fetched while
// the sink writes the one before.
func (r *reader) paged(ctx context.Context, first []*mvccpb.KeyValue) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type page struct {
		kvs []*mvccpb.KeyValue
		err error
	}
	pages := make(chan page)
	go func() {
		defer close(pages)
		p := newPager(r, first)
		for !p.finished {
			kvs, err := p.next(ctx)
			select {
			case pages <- page{kvs, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for page := range pages {
		if page.err != nil {
			return page.err
		}
		if err := r.hand(page.kvs); err != nil {
			return sinkError{err}
		}
	}
	return context.Cause(ctx)
}

// pager asks for one page after the other.
type pager struct {
	r        *reader
	from     string // the first key of the next page
	left     int64  // keys that the limit still allows, 0: any number
	limited  bool
	finished bool

	block    int64 // keys to ask for
	keys     int64 // keys that the last page brought ...
	start    string
	end      string // ... between start and end
	sizeSeen int64
	seen     int64
}

func newPager(r *reader, first []*mvccpb.KeyValue) *pager {
	return &pager{
		r: r, from: r.next, left: r.left(), limited: r.q.Limit > 0,
		block: firstBlock, keys: int64(len(first)), start: string(first[0].GetKey()), end: r.next,
		sizeSeen: r.size, seen: r.read,
	}
}

func (p *pager) next(ctx context.Context) ([]*mvccpb.KeyValue, error) {
	p.block = p.nextBlock()
	limit := p.block
	if p.limited && p.left < limit {
		limit = p.left
	}
	end := estimateEnd(p.start, p.end, p.r.q.End, p.keys, limit)
	response, err := p.r.get(ctx, p.from, end, limit)
	if err != nil {
		return nil, err
	}
	p.advance(response, end)
	return response.Kvs, nil
}

// nextBlock aims at blockBytes for each page, from the sizes seen so far.
func (p *pager) nextBlock() int64 {
	want := int64(largeBlock)
	if p.seen > 0 && p.sizeSeen > 0 {
		want = blockBytes * p.seen / p.sizeSeen
	}
	return max(smallBlock, min(want, largeBlock, p.block*blockGrowth))
}

func (p *pager) advance(response *clientv3.GetResponse, end string) {
	p.start = p.from
	p.keys = int64(len(response.Kvs))
	p.seen += p.keys
	p.sizeSeen += bytesOf(response.Kvs)
	p.left -= p.keys
	if response.More {
		p.from = after(response.Kvs[p.keys-1].GetKey())
		p.finished = p.limited && p.left <= 0
	} else {
		p.from = end
		p.finished = end == p.r.q.End || p.limited && p.left <= 0
	}
	p.end = p.from
}

// windowBytes is how many bytes behind the common prefix of two keys decide
// their distance.
const windowBytes = 16

// maxWidening bounds by how much one page may be wider than the one before, in
// case that one was no measure of what comes.
const maxWidening = 64

// estimateEnd returns where a page of want keys from end should end, when keys
// keys lie between start and end: keys are taken as big-endian numbers, and
// as many in the same distance are expected. It returns limit, the end of the
// whole range, where the estimate is beyond it.
func estimateEnd(start, end, limit string, keys, want int64) string {
	length := commonPrefix(start, end) + windowBytes
	low, high := number(start, length), number(end, length)
	distance := new(big.Int).Sub(high, low)
	if distance.Sign() <= 0 {
		return limit
	}
	// A quarter more than expected: a page that ends at its limit is full.
	if keys == 0 || want/keys >= maxWidening {
		distance.Mul(distance, big.NewInt(maxWidening))
	} else {
		distance.Mul(distance, big.NewInt(want*5))
		distance.Div(distance, big.NewInt(keys*4))
	}
	estimate := high.Add(high, distance)
	if estimate.BitLen() > length*8 {
		return limit
	}
	guess := string(estimate.FillBytes(make([]byte, length)))
	if limit != openEnd && guess >= limit || guess <= end {
		return limit
	}
	return guess
}

const openEnd = "\x00"

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// number takes the first length bytes of key as a big-endian number, as if
// zeros followed the key.
func number(key string, length int) *big.Int {
	digits := make([]byte, length)
	copy(digits, key)
	return new(big.Int).SetBytes(digits)
}
