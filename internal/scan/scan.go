// Package scan reads ranges of keys of any size in constant memory.
//
// A range is read in blocks, all at the revision of the first one. A server with
// RangeStream (3.7) sends one stream; others send pages. A server counts every key up to
// the range end of a request, whatever its limit. So plain paging costs the square of
// the number of keys. Therefore each page gets a range end of its own, close to the
// intended end of the page.
package scan

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
)

// Query is a range to read, in the order of its keys.
type Query struct {
	Key, End     string // as in a RangeRequest: "" is the key alone, "\x00" open
	Limit        int64  // most keys to read, 0: all
	Revision     int64  // 0: the newest
	Serializable bool
	KeysOnly     bool

	// Timeout bounds the wait for each block, not for all of them: a slow
	// reader of the output must not cut it off.
	Timeout time.Duration

	// GCPercent lowers the percentage of the garbage collector, see heap.Limit. It is
	// called when a large range begins. Nil: nothing is called.
	GCPercent func(percent int)
}

// Sink takes what is read: Begin once, Keys for each block that has keys, End
// once, when all was read. It does not keep the keys.
type Sink interface {
	Begin(header *pb.ResponseHeader) error
	Keys(kvs []*mvccpb.KeyValue) error
	End(more bool, count int64) error
}

// Block sizes. The first block is small because nothing is known of the size
// of the values, up to 1.5 MiB each; it is also all there is for most ranges.
const (
	firstBlock  = 100
	smallBlock  = 16
	leastBlock  = 2
	largeBlock  = 10_000
	blockBytes  = 1 << 20
	blockGrowth = 8 // a larger step would trust one block too much

	// maxBlockBytes bounds what values that are suddenly larger can make of a
	// block. One that would be larger is asked for again with fewer keys.
	maxBlockBytes  = 8 << 20
	blockShrinking = 8
	carefulGrowth  = 2 // once there was such a block

	// limitFactor is how many more keys a page may have than it is meant to.
	limitFactor = 2
)

// IncompleteError says that a range was cut off after some of its keys had
// been handed on.
type IncompleteError struct {
	Read, Count int64 // Count is unknownCount where nothing has counted them
	Revision    int64
	Err         error
}

const unknownCount = -1

func (e *IncompleteError) Error() string {
	text := fmt.Sprintf("%v: the output is incomplete: it has ", e.Err)
	if e.Count == unknownCount {
		text += fmt.Sprintf("the first %d entries of revision %d", e.Read, e.Revision)
	} else {
		text += fmt.Sprintf("%d of %d keys of revision %d", e.Read, e.Count, e.Revision)
	}
	if errors.Is(e.Err, rpctypes.ErrCompacted) {
		text += ", which was compacted meanwhile"
	}
	return text
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// Read reads q and hands it to sink. The error is that of the server or of
// sink; it is an *IncompleteError once sink has been given keys.
func Read(ctx context.Context, kv clientv3.KV, q Query, sink Sink) error {
	r := &reader{kv: kv, q: q, sink: sink, pinned: q.Revision}
	limit := int64(firstBlock)
	if q.Limit > 0 && q.Limit < limit {
		limit = q.Limit
	}
	first, _, err := r.get(ctx, q.Key, q.End, limit)
	if err != nil {
		return err
	}
	r.count, r.following, r.cluster = first.Count, true, first.Header.GetClusterId()
	if r.pinned == 0 {
		r.pinned = first.Header.GetRevision()
	}
	if err := sink.Begin(first.Header); err != nil {
		return err
	}
	if err := r.hand(first.Kvs); err != nil {
		return err
	}
	if first.More && !r.done() {
		if err := r.rest(ctx, first.Kvs); err != nil {
			return err
		}
	}
	if err := r.complete(); err != nil {
		return r.incomplete(err)
	}
	return sink.End(r.read < r.count, r.count)
}

// The listing of a dishonest or broken server. Within one response the client
// finds such faults itself (package response); these are between several.
var (
	errFewer   = errors.New("the server lists fewer keys than it counts")
	errMore    = errors.New("the server lists more keys than it counts")
	errCluster = errors.New("the endpoints belong to different clusters; check --endpoints")
)

// complete checks that as many keys were handed on as the first block counts.
func (r *reader) complete() error {
	switch {
	case !r.done():
		return errFewer
	case r.read > r.count:
		return errMore
	}
	return nil
}

type reader struct {
	kv        clientv3.KV
	q         Query
	sink      Sink
	pinned    int64  // the revision of all blocks
	cluster   uint64 // of all blocks
	following bool   // the first block has come: pinned is fixed
	count     int64  // of the keys in the range
	read      int64  // keys handed on
	next      string // the first key not handed on
	size      int64  // bytes of the keys and values handed on
}

func (r *reader) hand(kvs []*mvccpb.KeyValue) error {
	if len(kvs) == 0 {
		return nil
	}
	r.read += int64(len(kvs))
	r.size += bytesOf(kvs)
	r.next = after(kvs[len(kvs)-1].GetKey())
	return r.sink.Keys(kvs)
}

func bytesOf(kvs []*mvccpb.KeyValue) int64 {
	size := int64(0)
	for _, kv := range kvs {
		size += int64(len(kv.GetKey()) + len(kv.GetValue()))
	}
	return size
}

// after returns the first key behind key.
func after(key []byte) string { return string(key) + "\x00" }

// left returns how many keys the limit still allows, 0 for any number.
func (r *reader) left() int64 {
	if r.q.Limit == 0 {
		return 0
	}
	return r.q.Limit - r.read
}

// done says that everything that the query asks for was handed on.
func (r *reader) done() bool {
	return r.read >= r.count || r.q.Limit > 0 && r.read >= r.q.Limit
}

// gcPercent makes the garbage collector run more often while blocks come and
// go: they are most of the heap, and none of it lives long.
const gcPercent = 50

// large is called when there is more than the first block.
func (q *Query) large() {
	if q.GCPercent != nil {
		q.GCPercent(gcPercent)
	}
}

// rest reads what the first block left, in the way that the server knows.
func (r *reader) rest(ctx context.Context, first []*mvccpb.KeyValue) error {
	r.q.large()
	err := r.streamed(ctx)
	if errors.Is(err, errNoStreams) {
		err = r.paged(ctx, first)
	}
	if err == nil || isSinkError(err) || ctx.Err() != nil {
		return unwrapSink(err)
	}
	return r.incomplete(err)
}

func (r *reader) incomplete(err error) error {
	return &IncompleteError{Read: r.read, Count: r.count, Revision: r.pinned, Err: err}
}

func isUnimplemented(err error) bool { return status.Code(err) == codes.Unimplemented }

// sinkError tells the errors of the sink from those of the server.
type sinkError struct{ error }

func isSinkError(err error) bool {
	_, ok := errors.AsType[sinkError](err)
	return ok
}

func unwrapSink(err error) error {
	if s, ok := errors.AsType[sinkError](err); ok {
		return s.error
	}
	return err
}

func (r *reader) options(end string, limit int64, serializable bool) []clientv3.OpOption {
	var options []clientv3.OpOption
	if end != "" {
		options = append(options, clientv3.WithRange(end))
	}
	if r.pinned > 0 {
		options = append(options, clientv3.WithRev(r.pinned))
	}
	if serializable {
		options = append(options, clientv3.WithSerializable())
	}
	if r.q.KeysOnly {
		options = append(options, clientv3.WithKeysOnly())
	}
	return append(options, clientv3.WithLimit(limit))
}

// retryPause is the wait before a block is asked for again.
const retryPause = 100 * time.Millisecond

// get reads one block of at most limit keys, or fewer where so many would be
// too large; then it returns a smaller limit, which was asked for. After the
// first block, of which the user waits for an answer, a member that says nothing
// is given up for the next, to which the request goes when it is made again.
func (r *reader) get(ctx context.Context, key, end string, limit int64) (response *clientv3.GetResponse, asked int64, err error) {
	asked = limit
	for range silentMembers + 1 {
		response, asked, err = r.ask(ctx, key, end, asked)
		if !r.following || ctx.Err() != nil || !retry.Is(err, retry.TimedOut) {
			break
		}
	}
	return response, asked, err
}

// silentMembers is how often in a row a request may go to a member that says
// nothing: with two pages in flight the next one may be the same.
const silentMembers = 2

// ask does what get does within the timeout. What a revision holds is the same on
// every member, so once the first block has fixed the revision any member may
// answer, without asking the others; one that lags behind says so.
func (r *reader) ask(ctx context.Context, key, end string, limit int64) (response *clientv3.GetResponse, asked int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.q.Timeout)
	defer cancel()
	serializable := r.q.Serializable || r.following
	for {
		bounded := ctx
		if limit > 1 { // a key is read whatever its size
			bounded = etcd.AcceptAtMost(ctx, maxBlockBytes)
		}
		response, err := r.kv.Get(bounded, key, r.options(end, limit, serializable)...)
		if errors.Is(err, etcd.ErrTooLarge) {
			limit = max(1, limit/blockShrinking)
			continue
		}
		if err == nil && r.following && response.Header.GetClusterId() != r.cluster {
			return nil, limit, errCluster
		}
		if !r.following || !retry.Is(err, retry.Behind) {
			return response, limit, err
		}
		if !r.q.Serializable && serializable {
			serializable = false // waits until the member has caught up
			continue
		}
		if retry.Wait(ctx, retryPause) != nil {
			return nil, limit, err
		}
	}
}
