package response

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/internal/quantity"
)

const (
	methodRange  = "Range"
	methodStream = "RangeStream"
	methodPut    = "Put"
	methodDelete = "DeleteRange"
)

// openEnd is the range end of a range without an end.
const openEnd = "\x00"

// inside reports whether a key is in the range of a request. If end is empty, the range
// has only the key from.
func inside(key, from, end []byte) bool {
	switch {
	case len(end) == 0:
		return bytes.Equal(key, from)
	case string(end) == openEnd:
		return bytes.Compare(key, from) >= 0
	}
	return bytes.Compare(key, from) >= 0 && bytes.Compare(key, end) < 0
}

// incomplete returns the error of a listing that is unreliable.
func incomplete(method, format string, args ...any) error {
	return faultf(method, "%s, so the listing is incomplete or wrong", fmt.Sprintf(format, args...))
}

func checkRange(request proto.Message, r *pb.RangeResponse) error {
	q, ok := request.(*pb.RangeRequest)
	if !ok {
		return nil
	}
	if err := checkRevision(methodRange, r); err != nil {
		return err
	}
	return checkListing(q, r, r.GetHeader().GetRevision())
}

// checkListing checks a listing. newest is the revision of the store when it was
// read, 0 if that is unknown.
func checkListing(q *pb.RangeRequest, r *pb.RangeResponse, newest int64) error {
	if newest != 0 && newest < q.GetRevision() {
		return incomplete(methodRange, "is of revision %d, before the requested %d", newest, q.GetRevision())
	}
	l := listing{method: methodRange, q: q, newest: newest}
	if err := l.keys(r.GetKvs()); err != nil {
		return err
	}
	return l.total(r.GetCount(), int64(len(r.GetKvs())), r.GetMore())
}

// listing checks the keys of a listing, which may come in several blocks.
type listing struct {
	method string
	q      *pb.RangeRequest
	newest int64  // max revision of a key, unless a revision was requested; 0: unknown
	last   []byte // the previous key; nil: none
}

// inKeyOrder reports whether q requests the keys in ascending order.
func inKeyOrder(q *pb.RangeRequest) bool {
	return q.GetSortTarget() == pb.RangeRequest_KEY && q.GetSortOrder() != pb.RangeRequest_DESCEND
}

func filtered(q *pb.RangeRequest) bool {
	return q.GetMinModRevision() != 0 || q.GetMaxModRevision() != 0 || q.GetMinCreateRevision() != 0 || q.GetMaxCreateRevision() != 0
}

func (l *listing) keys(kvs []*mvccpb.KeyValue) error {
	newest := l.newest
	if l.q.GetRevision() > 0 {
		newest = l.q.GetRevision()
	}
	ordered := inKeyOrder(l.q)
	for _, kv := range kvs {
		key := kv.GetKey()
		switch {
		case !inside(key, l.q.GetKey(), l.q.GetRangeEnd()):
			return incomplete(l.method, "has the key %s, which is outside the requested range", quoted(key))
		case ordered && l.last != nil && bytes.Compare(l.last, key) >= 0:
			return incomplete(l.method, "has the key %s after %s, out of order or repeated", quoted(key), quoted(l.last))
		case newest > 0 && kv.GetModRevision() > newest:
			return incomplete(l.method, "has the key %s of revision %d, after revision %d", quoted(key), kv.GetModRevision(), newest)
		case l.q.GetKeysOnly() && len(kv.GetValue()) > 0:
			return incomplete(l.method, "has a value of the key %s, although only keys were requested", quoted(key))
		case !passes(l.q, kv):
			return incomplete(l.method, "has the key %s, which the requested revisions exclude", quoted(key))
		}
		l.last = key
	}
	if ordered {
		return nil
	}
	return l.sorted(kvs)
}

// passes reports whether a key passes the filters of the request.
func passes(q *pb.RangeRequest, kv *mvccpb.KeyValue) bool {
	within := func(revision, lowest, highest int64) bool {
		return (lowest == 0 || revision >= lowest) && (highest == 0 || revision <= highest)
	}
	return within(kv.GetModRevision(), q.GetMinModRevision(), q.GetMaxModRevision()) &&
		within(kv.GetCreateRevision(), q.GetMinCreateRevision(), q.GetMaxCreateRevision())
}

// sorted checks a listing that is not in ascending order of its keys.
func (l *listing) sorted(kvs []*mvccpb.KeyValue) error {
	for i := 1; i < len(kvs); i++ {
		order := l.compare(kvs[i-1], kvs[i])
		if l.q.GetSortOrder() == pb.RangeRequest_DESCEND {
			order = -order
		}
		if order > 0 {
			return incomplete(l.method, "has the key %s after %s, out of order", quoted(kvs[i].GetKey()), quoted(kvs[i-1].GetKey()))
		}
	}
	byKey := func(a, b *mvccpb.KeyValue) int { return bytes.Compare(a.GetKey(), b.GetKey()) }
	byKeys := slices.SortedFunc(slices.Values(kvs), byKey)
	for i := 1; i < len(byKeys); i++ {
		if byKey(byKeys[i-1], byKeys[i]) == 0 {
			return incomplete(l.method, "has the key %s twice", quoted(byKeys[i].GetKey()))
		}
	}
	return nil
}

func (l *listing) compare(a, b *mvccpb.KeyValue) int {
	switch l.q.GetSortTarget() {
	case pb.RangeRequest_KEY:
		return bytes.Compare(a.GetKey(), b.GetKey())
	case pb.RangeRequest_VERSION:
		return cmp.Compare(a.GetVersion(), b.GetVersion())
	case pb.RangeRequest_CREATE:
		return cmp.Compare(a.GetCreateRevision(), b.GetCreateRevision())
	case pb.RangeRequest_MOD:
		return cmp.Compare(a.GetModRevision(), b.GetModRevision())
	case pb.RangeRequest_VALUE:
		return bytes.Compare(a.GetValue(), b.GetValue()) // all are empty if only keys were requested
	}
	return 0
}

// total checks the number of keys against the count and the limit. The count includes all
// keys of the range.
func (l *listing) total(count, keys int64, more bool) error {
	limit := int64(math.MaxInt64)
	if l.q.GetLimit() > 0 {
		limit = l.q.GetLimit()
	}
	switch {
	case count < 0:
		return incomplete(l.method, "counts %s", quantity.Of(count, "key"))
	case l.q.GetCountOnly() && keys > 0:
		return incomplete(l.method, "has keys, although only their number was requested")
	case l.q.GetCountOnly():
		return nil
	case keys > limit:
		return incomplete(l.method, "has %s, more than the limit of %d", quantity.Of(keys, "key"), limit)
	case keys > count:
		return incomplete(l.method, "has %s and counts %d", quantity.Of(keys, "key"), count)
	case filtered(l.q): // the count includes keys that the filters exclude
		if more && keys < limit {
			return incomplete(l.method, "has %s and leaves others out below the limit of %d", quantity.Of(keys, "key"), limit)
		}
	case keys < min(count, limit):
		return incomplete(l.method, "has %s and counts %d", quantity.Of(keys, "key"), count)
	case more && keys == count:
		return incomplete(l.method, "has all it counts, %s, and reports more", quantity.Of(keys, "key"))
	case !more && keys < count:
		return incomplete(l.method, "has %d of %s and reports no more", keys, quantity.Of(count, "key"))
	}
	return nil
}

// rangeStream checks a RangeStream.
type rangeStream struct {
	listing
	read  int64
	ended bool // the last block was received
}

// newRangeStream returns the check of the responses to q.
func newRangeStream(q *pb.RangeRequest) *rangeStream {
	return &rangeStream{listing: listing{method: methodStream, q: q}}
}

// next checks the next block. Only the last one has a header, and only it may
// have no keys.
func (s *rangeStream) next(block *pb.RangeResponse) error {
	keys := int64(len(block.GetKvs()))
	switch {
	case block == nil:
		return incomplete(s.method, "has a block without content")
	case s.ended:
		return incomplete(s.method, "continues after its last block")
	case block.GetHeader() == nil && keys == 0:
		return incomplete(s.method, "has a block without keys")
	}
	if err := s.keys(block.GetKvs()); err != nil {
		return err
	}
	s.last = bytes.Clone(s.last) // a copy does not keep the memory of the block
	s.read += keys
	if limit := s.q.GetLimit(); limit > 0 && s.read > limit {
		return incomplete(s.method, "has %s, more than the limit of %d", quantity.Of(s.read, "key"), limit)
	}
	header := block.GetHeader()
	if header == nil {
		return nil
	}
	s.ended = true
	if header.GetRevision() < s.q.GetRevision() {
		return incomplete(s.method, "is of revision %d, before the requested %d", header.GetRevision(), s.q.GetRevision())
	}
	return s.total(block.GetCount(), s.read, block.GetMore())
}

// end checks the end of the stream.
func (s *rangeStream) end() error {
	if !s.ended {
		return incomplete(s.method, "ends without its last block")
	}
	return nil
}

func checkPut(request proto.Message, r *pb.PutResponse) error {
	if err := checkRevision(methodPut, r); err != nil {
		return err
	}
	if q, ok := request.(*pb.PutRequest); ok {
		return checkPrevious(q, r)
	}
	return nil
}

func checkPrevious(q *pb.PutRequest, r *pb.PutResponse) error {
	switch prev := r.GetPrevKv(); {
	case prev == nil:
	case !q.GetPrevKv():
		return faultf(methodPut, "has a previous key, which was not requested")
	case !bytes.Equal(prev.GetKey(), q.GetKey()):
		return faultf(methodPut, "has the previous key %s, which is another one", quoted(prev.GetKey()))
	}
	return nil
}

func checkDeleteRange(request proto.Message, r *pb.DeleteRangeResponse) error {
	if err := checkRevision(methodDelete, r); err != nil {
		return err
	}
	if q, ok := request.(*pb.DeleteRangeRequest); ok {
		return checkDeleted(q, r)
	}
	return nil
}

func checkDeleted(q *pb.DeleteRangeRequest, r *pb.DeleteRangeResponse) error {
	prevs := r.GetPrevKvs()
	switch {
	case r.GetDeleted() < 0:
		return faultf(methodDelete, "counts %s", quantity.Of(r.GetDeleted(), "key"))
	case !q.GetPrevKv() && len(prevs) > 0:
		return faultf(methodDelete, "has previous keys, which were not requested")
	case q.GetPrevKv() && int64(len(prevs)) != r.GetDeleted():
		return faultf(methodDelete, "has %s and counts %d", quantity.Of(len(prevs), "previous key"), r.GetDeleted())
	}
	l := listing{method: methodDelete, q: &pb.RangeRequest{Key: q.GetKey(), RangeEnd: q.GetRangeEnd()}}
	return l.keys(prevs)
}
