package stream

import (
	"fmt"
	"io"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/wire"
)

// message is a WatchResponse whose events are decoded a few at a time. A response with
// old events may have 100 MB of them. As messages of package mvccpb they take several
// times as much memory. (The server could send fragments, but the cost of splitting is
// quadratic: 200,000 events took it a minute.)
type message struct {
	*pb.WatchResponse
	data *mem.Reader // the undecoded events; Close frees their memory
	next int         // length of the first of them; -1: none
}

// Field numbers of WatchResponse, Event and KeyValue, from etcd's rpc.proto and
// kv.proto.
const (
	fieldEvents protowire.Number = 11

	eventType   protowire.Number = 1
	eventKv     protowire.Number = 2
	eventPrevKv protowire.Number = 3

	kvKey            protowire.Number = 1
	kvCreateRevision protowire.Number = 2
	kvModRevision    protowire.Number = 3
	kvVersion        protowire.Number = 4
	kvValue          protowire.Number = 5
	kvLease          protowire.Number = 6
)

// decode reads all of a WatchResponse except its events. Events are the last fields,
// because encoders write fields in the order of their numbers.
func decode(data mem.BufferSlice) (*message, error) {
	m := &message{WatchResponse: &pb.WatchResponse{}, data: data.Reader(), next: -1}
	var head []byte
	for m.data.Remaining() > 0 {
		number, kind, err := wire.Tag(m.data)
		if err != nil {
			return nil, err
		}
		if number == fieldEvents && kind == protowire.BytesType {
			if err := m.length(); err != nil {
				return nil, err
			}
			break
		}
		if head, err = wire.AppendField(head, m.data, number, kind); err != nil {
			return nil, err
		}
	}
	if err := proto.Unmarshal(head, m.WatchResponse); err != nil {
		return nil, fmt.Errorf("%w: %w", wire.ErrMalformed, err)
	}
	return m, nil
}

// length reads the length of the next event.
func (m *message) length() error {
	n, err := wire.Length(m.data)
	if err == nil {
		m.next = n
	}
	return err
}

// more reports whether the message has undecoded events.
func (m *message) more() bool { return m.next >= 0 }

// events decodes some events into a chunk. It returns nil if the message has no more
// events.
func (m *message) events() (*chunk, error) {
	if !m.more() {
		m.free()
		return nil, nil //nolint:nilnil // as said
	}
	c := newChunk(max(m.next, min(chunkSize, m.data.Remaining())))
	for m.more() && m.next <= cap(c.bytes)-len(c.bytes) {
		event := c.bytes[len(c.bytes) : len(c.bytes)+m.next]
		c.bytes = c.bytes[:len(c.bytes)+m.next]
		if _, err := io.ReadFull(m.data, event); err != nil {
			return nil, wire.ErrMalformed
		}
		if err := c.slot().decode(event); err != nil {
			return nil, err
		}
		if err := m.toNext(); err != nil {
			return nil, err
		}
	}
	if !m.more() {
		m.free()
	}
	return c, nil
}

// last returns the revision of the last event. It does not consume any event.
func (m *message) last() (int64, error) {
	views, err := m.data.Peek(m.data.Remaining(), nil)
	if err != nil {
		return 0, wire.ErrMalformed
	}
	var rest mem.BufferSlice
	for _, view := range views {
		rest = append(rest, mem.SliceBuffer(view))
	}
	look := &message{data: rest.Reader(), next: m.next}
	for look.next < look.data.Remaining() {
		if _, err := look.data.Discard(look.next); err != nil {
			return 0, wire.ErrMalformed
		}
		if err := look.toNext(); err != nil {
			return 0, err
		}
	}
	c, err := look.events()
	if err != nil || c == nil {
		return 0, wire.ErrMalformed
	}
	defer c.release()
	return lastRevision(c.events), nil
}

// toNext moves to the next event.
func (m *message) toNext() error {
	if m.next = -1; m.data.Remaining() == 0 {
		return nil
	}
	number, kind, err := wire.Tag(m.data)
	if err != nil {
		return err
	}
	if number != fieldEvents || kind != protowire.BytesType {
		return wire.ErrMalformed
	}
	return m.length()
}

// free releases the memory of the events.
func (m *message) free() { _ = m.data.Close() }

func (s *slot) decode(b []byte) error {
	for len(b) > 0 {
		number, kind, value, rest, err := nextField(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case number == eventType && kind == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(value)
			s.event.Type = mvccpb.Event_EventType(v)
		case number == eventKv && kind == protowire.BytesType:
			s.event.Kv = &s.kv
			if err := decodeKeyValue(&s.kv, value); err != nil {
				return err
			}
		case number == eventPrevKv && kind == protowire.BytesType:
			s.event.PrevKv = &s.prev
			if err := decodeKeyValue(&s.prev, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeKeyValue decodes a field whose value is a KeyValue. Its key and value share the
// memory of b.
func decodeKeyValue(kv *mvccpb.KeyValue, b []byte) error {
	b, _ = protowire.ConsumeBytes(b)
	for len(b) > 0 {
		number, kind, value, rest, err := nextField(b)
		if err != nil {
			return err
		}
		b = rest
		bytes, varint := kind == protowire.BytesType, kind == protowire.VarintType
		switch {
		case number == kvKey && bytes:
			kv.Key, _ = protowire.ConsumeBytes(value)
		case number == kvValue && bytes:
			kv.Value, _ = protowire.ConsumeBytes(value)
		case number == kvCreateRevision && varint:
			kv.CreateRevision = number64(value)
		case number == kvModRevision && varint:
			kv.ModRevision = number64(value)
		case number == kvVersion && varint:
			kv.Version = number64(value)
		case number == kvLease && varint:
			kv.Lease = number64(value)
		}
	}
	return nil
}

// nextField splits b after its first field.
func nextField(b []byte) (number protowire.Number, kind protowire.Type, value, rest []byte, err error) {
	number, kind, n := protowire.ConsumeTag(b)
	if n < 0 {
		return 0, 0, nil, nil, wire.ErrMalformed
	}
	b = b[n:]
	if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
		return 0, 0, nil, nil, wire.ErrMalformed
	}
	return number, kind, b[:n], b[n:], nil
}

func number64(b []byte) int64 {
	v, _ := protowire.ConsumeVarint(b)
	return int64(v)
}
