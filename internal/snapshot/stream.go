package snapshot

import (
	"context"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ectl-io/ectl/internal/wire"
)

// part is a part of a database, in the memory in which it was received. The client
// library would copy it into a message and through a pipe, which costs as much as
// writing it to disk.
type part struct {
	version string   // version of the server's storage, in the first part, from etcd 3.6 on
	pieces  [][]byte // consecutive, until free is called
	memory  mem.BufferSlice
}

func (p part) free() { p.memory.Free() }

func (p part) size() (n int) {
	for _, piece := range p.pieces {
		n += len(piece)
	}
	return n
}

// reader is the source of parts. After the last part it returns io.EOF.
type reader interface {
	Recv() (part, error)
}

// method is the RPC of snapshots.
const method = "/etcdserverpb.Maintenance/Snapshot"

// request requests the database of a member. The stream ends with ctx.
func request(ctx context.Context, conn grpc.ClientConnInterface, options []grpc.CallOption) (reader, error) {
	stream, err := wire.Open[*pb.SnapshotRequest](ctx, conn, method, decode, options...)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(&pb.SnapshotRequest{}); err != nil {
		return nil, err
	}
	return stream, stream.CloseSend()
}

// Field numbers of SnapshotResponse, from etcd's rpc.proto.
const (
	fieldBlob    protowire.Number = 3
	fieldVersion protowire.Number = 4
)

// decode decodes a SnapshotResponse as a part.
func decode(data mem.BufferSlice) (p part, err error) {
	r := data.Reader()
	defer func() { _ = r.Close() }()
	for r.Remaining() > 0 {
		number, kind, err := wire.Tag(r)
		if err != nil {
			return part{}, err
		}
		if kind != protowire.BytesType || number != fieldBlob && number != fieldVersion {
			if _, err := wire.AppendField(nil, r, number, kind); err != nil {
				return part{}, err
			}
			continue
		}
		n, err := wire.Length(r)
		if err != nil {
			return part{}, err
		}
		pieces, err := r.Peek(n, nil)
		if err != nil {
			return part{}, wire.ErrMalformed
		}
		if number == fieldBlob {
			p.pieces = pieces
		} else {
			p.version = string(slices.Concat(pieces...))
		}
		if _, err := r.Discard(n); err != nil {
			return part{}, wire.ErrMalformed
		}
	}
	data.Ref()
	p.memory = data
	return p, nil
}
