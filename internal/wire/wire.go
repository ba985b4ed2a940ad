// Package wire reads streams of large messages of the API. Generated code would make a
// message of everything received. Here the reader decodes only the needed parts, in the
// memory that they were received in.
package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// ErrMalformed reports that a message cannot be decoded.
var ErrMalformed = errors.New("a malformed message of the server")

// Stream is a stream of requests of type Q and responses of type R.
type Stream[Q proto.Message, R any] struct{ stream grpc.ClientStream }

// Open opens the stream of an RPC, which is named as in "/package.Service/Method". decode
// is called with each received message. It must call Ref on the buffers that it keeps.
func Open[Q proto.Message, R any](ctx context.Context, conn grpc.ClientConnInterface, method string, decode func(mem.BufferSlice) (R, error), options ...grpc.CallOption) (Stream[Q, R], error) {
	both := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	stream, err := conn.NewStream(ctx, both, method, append(options, grpc.ForceCodecV2(codec[R](decode)))...)
	return Stream[Q, R]{stream}, err
}

// Send sends a request.
func (s Stream[Q, R]) Send(request Q) error { return s.stream.SendMsg(request) }

// CloseSend ends the requests. Responses can still be received.
func (s Stream[Q, R]) CloseSend() error { return s.stream.CloseSend() }

// Recv returns the next response. The error is gRPC's, or io.EOF at the end of the
// stream.
func (s Stream[Q, R]) Recv() (R, error) {
	var r R
	err := s.stream.RecvMsg(&r)
	return r, err
}

// codec decodes received messages. Requests are encoded as usual.
type codec[R any] func(mem.BufferSlice) (R, error)

// Marshal implements encoding.CodecV2.
func (codec[R]) Marshal(v any) (mem.BufferSlice, error) {
	request, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%T is no request", v)
	}
	b, err := proto.Marshal(request)
	return mem.BufferSlice{mem.SliceBuffer(b)}, err
}

// Unmarshal implements encoding.CodecV2.
func (c codec[R]) Unmarshal(data mem.BufferSlice, v any) error {
	received, ok := v.(*R)
	if !ok {
		return fmt.Errorf("%T is no response of this stream", v)
	}
	var err error
	*received, err = c(data)
	return err
}

// Name implements encoding.CodecV2. The wire format is the usual one.
func (codec[R]) Name() string { return "proto" }

// Tag reads the number and the wire type of a field, or returns ErrMalformed.
func Tag(r *mem.Reader) (protowire.Number, protowire.Type, error) {
	tag, err := Varint(r)
	if err != nil {
		return 0, 0, err
	}
	number, kind := protowire.DecodeTag(tag)
	if number < protowire.MinValidNumber {
		return 0, 0, ErrMalformed
	}
	return number, kind, nil
}

// Varint reads a varint, or returns ErrMalformed.
func Varint(r *mem.Reader) (uint64, error) {
	v, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, ErrMalformed
	}
	return v, nil
}

// Length reads the length of a field in bytes. It returns ErrMalformed if fewer bytes
// remain.
func Length(r *mem.Reader) (int, error) {
	n, err := Varint(r)
	if err != nil || n > uint64(r.Remaining()) {
		return 0, ErrMalformed
	}
	return int(n), nil
}

// AppendField appends a field to b. The tag of the field was read already. The error is
// ErrMalformed.
func AppendField(b []byte, r *mem.Reader, number protowire.Number, kind protowire.Type) ([]byte, error) {
	b = protowire.AppendTag(b, number, kind)
	var n int
	switch kind {
	case protowire.VarintType:
		v, err := Varint(r)
		return protowire.AppendVarint(b, v), err
	case protowire.BytesType:
		var err error
		if n, err = Length(r); err != nil {
			return nil, err
		}
		b = protowire.AppendVarint(b, uint64(n))
	case protowire.Fixed32Type:
		n = 4
	case protowire.Fixed64Type:
		n = 8
	default:
		return nil, ErrMalformed
	}
	value := make([]byte, min(n, r.Remaining()))
	if _, err := io.ReadFull(r, value); err != nil || len(value) < n {
		return nil, ErrMalformed
	}
	return append(b, value...), nil
}
