package stream

import (
	"sync"
	"sync/atomic"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// chunk is the memory of some decoded events: their keys and values, their
// messages and the list of them. It is used again for others when nobody needs
// them any more: most of the work on a large response is else to find memory for
// its events and to collect it.
type chunk struct {
	users  atomic.Int32 // the parts that have events of it, and the stream that holds some back
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
	// chunkSize is how many bytes of events are decoded at once, where the first
	// of them is no longer.
	chunkSize = 128 << 10

	// slabSize is how many slots are made at once.
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

// release is called by each user once.
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
