package events

import (
	"context"
	"errors"
	"fmt"
	"io"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// message is a WatchResponse whose events are decoded a few at a time: a
// response of the past may have 100 MB of them, and as messages of package
// mvccpb they take several times as much. (The server could send fragments, but
// spends the square of their size on cutting them: 200,000 events took it a
// minute.)
type message struct {
	*pb.WatchResponse
	data *mem.Reader // the events that were not decoded, and what frees their memory
	next int         // length of the first of them; -1: there is none
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

var errMalformed = errors.New("a malformed message of the server")

// decode reads all of a WatchResponse but its events, which are its last
// fields: encoders write fields by their numbers.
func decode(data mem.BufferSlice) (*message, error) {
	m := &message{WatchResponse: &pb.WatchResponse{}, data: data.Reader(), next: -1}
	var head []byte
	for m.data.Remaining() > 0 {
		tag, err := m.varint()
		if err != nil {
			return nil, err
		}
		number, kind := protowire.DecodeTag(tag)
		if number == fieldEvents && kind == protowire.BytesType {
			if err := m.length(); err != nil {
				return nil, err
			}
			break
		}
		if head, err = m.copyField(protowire.AppendVarint(head, tag), kind); err != nil {
			return nil, err
		}
	}
	if err := proto.Unmarshal(head, m.WatchResponse); err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	return m, nil
}

// copyField appends the value of a field to b.
func (m *message) copyField(b []byte, kind protowire.Type) ([]byte, error) {
	n := 0
	switch kind {
	case protowire.VarintType, protowire.BytesType:
		v, err := m.varint()
		if err != nil {
			return nil, err
		}
		b = protowire.AppendVarint(b, v)
		if kind == protowire.BytesType {
			n = int(min(v, uint64(m.data.Remaining())+1))
		}
	case protowire.Fixed32Type:
		n = 4
	case protowire.Fixed64Type:
		n = 8
	case protowire.StartGroupType, protowire.EndGroupType:
		return nil, errMalformed
	}
	if n > m.data.Remaining() {
		return nil, errMalformed
	}
	value := make([]byte, n)
	_, err := io.ReadFull(m.data, value)
	return append(b, value...), err
}

func (m *message) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := m.data.ReadByte()
		if err != nil {
			return 0, errMalformed
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errMalformed
}

// length reads the length of the next event.
func (m *message) length() error {
	n, err := m.varint()
	if err != nil || n > uint64(m.data.Remaining()) {
		return errMalformed
	}
	m.next = int(n)
	return nil
}

// more says whether there are events that were not decoded.
func (m *message) more() bool { return m.next >= 0 }

// chunk is how many bytes of events are decoded at once.
const chunk = 128 << 10

// events decodes some events. Their keys and values share memory.
func (m *message) events() ([]*mvccpb.Event, error) {
	if !m.more() {
		m.free()
		return nil, nil
	}
	buffer := make([]byte, 0, max(m.next, min(chunk, m.data.Remaining())))
	var events []*mvccpb.Event
	var slab []slot
	for m.more() && m.next <= cap(buffer)-len(buffer) {
		event := buffer[len(buffer) : len(buffer)+m.next]
		buffer = buffer[:len(buffer)+m.next]
		if _, err := io.ReadFull(m.data, event); err != nil {
			return nil, errMalformed
		}
		if len(slab) == 0 {
			slab = make([]slot, slabSize)
		}
		if err := slab[0].decode(event); err != nil {
			return nil, err
		}
		events = append(events, &slab[0].event)
		slab = slab[1:]
		if err := m.toNext(); err != nil {
			return nil, err
		}
	}
	if !m.more() {
		m.free()
	}
	return events, nil
}

// last returns the revision of the last event. It takes nothing of the message.
func (m *message) last() (int64, error) {
	views, err := m.data.Peek(m.data.Remaining(), nil)
	if err != nil {
		return 0, errMalformed
	}
	var rest mem.BufferSlice
	for _, view := range views {
		rest = append(rest, mem.SliceBuffer(view))
	}
	look := &message{data: rest.Reader(), next: m.next}
	for look.next < look.data.Remaining() {
		if _, err := look.data.Discard(look.next); err != nil {
			return 0, errMalformed
		}
		if err := look.toNext(); err != nil {
			return 0, err
		}
	}
	events, err := look.events()
	if err != nil || len(events) == 0 {
		return 0, errMalformed
	}
	return lastRevision(events), nil
}

// toNext goes to the next event.
func (m *message) toNext() error {
	if m.next = -1; m.data.Remaining() == 0 {
		return nil
	}
	tag, err := m.varint()
	if err != nil {
		return err
	}
	if number, kind := protowire.DecodeTag(tag); number != fieldEvents || kind != protowire.BytesType {
		return errMalformed
	}
	return m.length()
}

// free gives the memory of the events back.
func (m *message) free() { _ = m.data.Close() }

// slot is the memory of an event: many at once are quicker to get.
type slot struct {
	event mvccpb.Event
	kv    mvccpb.KeyValue
}

const slabSize = 128

func (s *slot) decode(b []byte) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errMalformed
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return errMalformed
		}
		value := b[:n]
		b = b[n:]
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
			s.event.PrevKv = &mvccpb.KeyValue{}
			if err := decodeKeyValue(s.event.PrevKv, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeKeyValue decodes a field whose value is a KeyValue. The key and value
// are parts of b.
func decodeKeyValue(kv *mvccpb.KeyValue, b []byte) error {
	b, _ = protowire.ConsumeBytes(b)
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errMalformed
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return errMalformed
		}
		value := b[:n]
		b = b[n:]
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

func number64(b []byte) int64 {
	v, _ := protowire.ConsumeVarint(b)
	return int64(v)
}

// wire is the API's stream of watches.
type wire struct{ stream grpc.ClientStream }

// watchMethod is the RPC of watches.
const watchMethod = "/etcdserverpb.Watch/Watch"

// openWire opens a stream as soon as there is a connection.
func openWire(ctx context.Context, conn grpc.ClientConnInterface, options []grpc.CallOption) (wire, error) {
	both := &grpc.StreamDesc{StreamName: "Watch", ServerStreams: true, ClientStreams: true}
	stream, err := conn.NewStream(ctx, both, watchMethod, append(options, grpc.WaitForReady(true), grpc.ForceCodecV2(codec{}))...)
	return wire{stream}, err
}

func (w wire) Send(r *pb.WatchRequest) error { return w.stream.SendMsg(r) }

func (w wire) Recv() (*message, error) {
	var m *message
	err := w.stream.RecvMsg(&m)
	return m, err
}

// codec makes messages of what is received. What is sent is encoded as usual.
type codec struct{}

// Marshal implements encoding.CodecV2.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	request, ok := v.(*pb.WatchRequest)
	if !ok {
		return nil, fmt.Errorf("%T is no request of a watch", v)
	}
	b, err := proto.Marshal(request)
	return mem.BufferSlice{mem.SliceBuffer(b)}, err
}

// Unmarshal implements encoding.CodecV2.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	received, ok := v.(**message)
	if !ok {
		return fmt.Errorf("%T is no message of a watch", v)
	}
	var err error
	*received, err = decode(data)
	return err
}

// Name implements encoding.CodecV2: the format is the usual one.
func (codec) Name() string { return "proto" }
