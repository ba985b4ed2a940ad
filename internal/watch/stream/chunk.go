package stream

import (
	"sync"
	"sync/atomic"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// chunk is the memory of some decoded events: their keys and values, their messages and
// the list of them. It is reused after all users have released it. Otherwise allocation
// and garbage collection would dominate the cost of a large response.
type chunk struct {
	users  atomic.Int32 // the parts that have its events, and the stream if it holds some
	bytes  []byte
	slabs  [][]slot
	events []*mvccpb.Event
}

// slot is the memory of one event.
type slot struct {
	event    mvccpb.Event
	kv, prev mvccpb.KeyValue
}

const (
	// chunkSize is how many bytes of events are decoded at once. A longer event is
	// decoded alone.
	chunkSize = 128 << 10

	// slabSize is how many slots are allocated at once.
	slabSize = 128
)

//nolint:gochecknoglobals // a pool is for all
var chunks = sync.Pool{New: func() any { return &chunk{} }}

// newChunk returns a chunk with one user for up to size bytes of events.
func newChunk(size int) *chunk {
	c, _ := chunks.Get().(*chunk)
	if cap(c.bytes) < size {
		c.bytes = make([]byte, 0, size)
	}
	c.users.Store(1)
	return c
}

// slot returns memory for one more event.
func (c *chunk) slot() *slot {
	used := len(c.events)
	if used/slabSize == len(c.slabs) {
		c.slabs = append(c.slabs, make([]slot, slabSize))
	}
	s := &c.slabs[used/slabSize][used%slabSize]
	c.events = append(c.events, &s.event)
	return s
}

// release must be called once by each user. The last call makes the memory available for
// other events, unless it is larger than chunkSize.
func (c *chunk) release() {
	if c.users.Add(-1) > 0 || cap(c.bytes) > chunkSize {
		return
	}
	for _, slab := range c.slabs[:(len(c.events)+slabSize-1)/slabSize] {
		clear(slab)
	}
	c.bytes, c.events = c.bytes[:0], c.events[:0]
	chunks.Put(c)
}
