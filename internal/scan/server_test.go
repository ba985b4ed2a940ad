package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errGone is what gRPC says of a lost connection.
var errGone = status.Error(codes.Unavailable, "error reading from server: EOF")

// server answers range requests as etcd does, from keys in memory. The client
// in front of it is the real one.
type server struct {
	pb.KVClient // the methods that are not called here

	keys     []*mvccpb.KeyValue // sorted
	revision int64
	streams  bool // knows RangeStream

	// fails and breaks are asked before each unary request and before each
	// block of a stream, with how many there were before.
	fails  func(n int, r *pb.RangeRequest) error
	breaks func(n int, r *pb.RangeRequest) error

	// lies changes a unary response, or the last block of a stream.
	lies func(n int, r *pb.RangeResponse)

	mu       sync.Mutex
	requests []*pb.RangeRequest // unary
	opened   []*pb.RangeRequest // streams
	blocks   int                // of all streams
	counted  int64              // keys that unary requests made the server count
}

// chunk is how many keys the server sends at once in a stream.
const chunk = 50

func newServer(streams bool, names ...string) *server {
	s := &server{revision: 1000, streams: streams}
	slices.Sort(names)
	for i, name := range slices.Compact(names) {
		s.keys = append(s.keys, &mvccpb.KeyValue{
			Key: []byte(name), Value: []byte("value of " + name), CreateRevision: int64(i + 2), ModRevision: int64(i + 2), Version: 1,
		})
	}
	return s
}

func (s *server) kv() clientv3.KV { return clientv3.NewKVFromKVClient(s, nil) }

// seen returns the requests so far: unary ones, and those for streams. A page
// that is no longer awaited may still be on its way.
func (s *server) seen() (requests, opened []*pb.RangeRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests), slices.Clone(s.opened)
}

// cost is how many keys unary requests made the server count so far.
func (s *server) cost() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counted
}

// between returns the keys of a range as the API writes it.
func (s *server) between(key, end []byte) []*mvccpb.KeyValue {
	at := func(key []byte) int {
		i, _ := slices.BinarySearchFunc(s.keys, key, func(kv *mvccpb.KeyValue, key []byte) int { return bytes.Compare(kv.GetKey(), key) })
		return i
	}
	from, to := at(key), len(s.keys)
	switch {
	case len(end) == 0:
		if to = from; from < len(s.keys) && bytes.Equal(s.keys[from].GetKey(), key) {
			to++
		}
	case string(end) != openEnd:
		to = at(end)
	}
	return s.keys[from:max(from, to)]
}

// check refuses what the server refuses.
func (s *server) check(ctx context.Context, r *pb.RangeRequest) error {
	switch {
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	case len(r.GetKey()) == 0:
		return rpctypes.ErrGRPCEmptyKey
	case r.GetRevision() > s.revision:
		return rpctypes.ErrGRPCFutureRev
	}
	return nil
}

func (s *server) Range(ctx context.Context, r *pb.RangeRequest, _ ...grpc.CallOption) (*pb.RangeResponse, error) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, r)
	s.mu.Unlock()
	if s.fails != nil {
		if err := s.fails(n, r); err != nil {
			return nil, err
		}
	}
	if err := s.check(ctx, r); err != nil {
		return nil, err
	}
	kvs := s.between(r.GetKey(), r.GetRangeEnd())
	response := &pb.RangeResponse{Header: &pb.ResponseHeader{ClusterId: 1, MemberId: 2, Revision: s.revision, RaftTerm: 3}, Count: int64(len(kvs))}
	if r.GetLimit() > 0 && int64(len(kvs)) > r.GetLimit() {
		kvs, response.More = kvs[:r.GetLimit()], true
	}
	response.Kvs = shown(kvs, r.GetKeysOnly())
	s.mu.Lock()
	s.counted += response.GetCount()
	s.mu.Unlock()
	if s.lies != nil {
		s.lies(n, response)
	}
	return response, nil
}

func shown(kvs []*mvccpb.KeyValue, keysOnly bool) []*mvccpb.KeyValue {
	if !keysOnly {
		return kvs
	}
	bare := make([]*mvccpb.KeyValue, 0, len(kvs))
	for _, kv := range kvs {
		bare = append(bare, &mvccpb.KeyValue{Key: kv.GetKey(), CreateRevision: kv.GetCreateRevision(), ModRevision: kv.GetModRevision(), Version: kv.GetVersion()})
	}
	return bare
}

func (s *server) RangeStream(ctx context.Context, r *pb.RangeRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[pb.RangeStreamResponse], error) {
	s.mu.Lock()
	s.opened = append(s.opened, r)
	s.mu.Unlock()
	stream := &stream{ctx: ctx, server: s, request: r}
	if !s.streams {
		stream.err = status.Error(codes.Unimplemented, "unknown method RangeStream for service etcdserverpb.KV")
		return stream, nil
	}
	stream.err = s.check(ctx, r)
	kvs := s.between(r.GetKey(), r.GetRangeEnd())
	if limit := r.GetLimit(); limit > 0 && int64(len(kvs)) > limit {
		kvs = kvs[:limit]
	}
	stream.left = shown(kvs, r.GetKeysOnly())
	return stream, nil
}

type stream struct {
	grpc.ClientStream // the methods that are not called here

	ctx     context.Context //nolint:containedctx // a stream of gRPC has one
	server  *server
	request *pb.RangeRequest
	left    []*mvccpb.KeyValue
	ended   bool
	err     error
}

func (s *stream) Recv() (*pb.RangeStreamResponse, error) {
	if s.err == nil && s.ctx.Err() != nil {
		s.err = status.FromContextError(s.ctx.Err()).Err()
	}
	if s.err != nil {
		return nil, s.err
	}
	s.server.mu.Lock()
	n := s.server.blocks
	s.server.blocks++
	s.server.mu.Unlock()
	if s.server.breaks != nil {
		if s.err = s.server.breaks(n, s.request); s.err != nil {
			return nil, s.err
		}
	}
	if s.ended {
		s.err = io.EOF
		return nil, s.err
	}
	size := min(chunk, len(s.left))
	response := &pb.RangeResponse{Kvs: s.left[:size]}
	if s.left = s.left[size:]; len(s.left) == 0 {
		s.ended = true
		response.Header = &pb.ResponseHeader{ClusterId: 1, Revision: s.server.revision}
		if s.server.lies != nil {
			s.server.lies(n, response)
		}
	}
	return &pb.RangeStreamResponse{RangeResponse: response}, nil
}

// collector is a Sink that keeps everything.
type collector struct {
	header *pb.ResponseHeader
	begun  int
	ended  int
	kvs    []*mvccpb.KeyValue
	more   bool
	count  int64

	onKeys func(read int) error // asked with each block
}

func (c *collector) Begin(header *pb.ResponseHeader) error {
	c.begun++
	c.header = header
	return nil
}

var errOrder = errors.New("the sink was not begun, or had ended")

func (c *collector) Keys(kvs []*mvccpb.KeyValue) error {
	if c.begun != 1 || c.ended != 0 {
		return errOrder
	}
	c.kvs = append(c.kvs, kvs...)
	if c.onKeys != nil {
		return c.onKeys(len(c.kvs))
	}
	return nil
}

func (c *collector) End(more bool, count int64) error {
	c.ended++
	c.more, c.count = more, count
	return nil
}

// result is what the collector has been given, as one response.
func (c *collector) result() *pb.RangeResponse {
	return &pb.RangeResponse{Header: c.header, Kvs: c.kvs, More: c.more, Count: c.count}
}
