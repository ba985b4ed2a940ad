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
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/retry"
)

// Query selects a range to read, in the order of its keys.
type Query struct {
	Key, End     string // as in a RangeRequest: "" is the key alone, "\x00" open
	Limit        int64  // max keys to read; 0: all
	Revision     int64  // 0: the newest
	Serializable bool
	KeysOnly     bool

	// Timeout limits the wait for each block, not for all of them. So a slow reader of
	// the output does not cause a timeout.
	Timeout time.Duration

	// GCPercent lowers the percentage of the garbage collector, see heap.Limit. It is
	// called when a large range begins, and may be nil.
	GCPercent func(percent int)
}

// Sink receives the keys that are read. Begin is called once, Keys for each block that
// has keys, and End once after everything was read. End receives whether there are more
// keys, and how many keys the range has. A Sink must not keep the keys after Keys has
// returned.
type Sink interface {
	Begin(header *pb.ResponseHeader) error
	Keys(kvs []*mvccpb.KeyValue) error
	End(more bool, count int64) error
}

// Block sizes. The first block is small, because the size of the values is unknown and
// each may have 1.5 MiB. Most ranges fit into it.
const (
	firstBlock  = 100
	smallBlock  = 16
	minBlock    = 2
	largeBlock  = 10_000
	blockBytes  = 1 << 20
	blockGrowth = 8 // a larger factor would rely too much on one block

	// maxBlockBytes limits the size of a block if the values are suddenly larger. A block
	// that would be larger is requested again with fewer keys.
	maxBlockBytes  = 8 << 20
	blockShrinking = 8
	carefulGrowth  = 2 // after a block was too large

	// limitFactor is how many times its intended number of keys a page may have.
	limitFactor = 2
)

// IncompleteError reports that a read failed after some of the keys had been passed on.
type IncompleteError struct {
	Read, Count int64 // passed on and in total; Count may be unknownCount
	Revision    int64
	Err         error
}

const unknownCount = -1

func (e *IncompleteError) Error() string {
	text := fmt.Sprintf("%v: the output is incomplete: it has ", e.Err)
	if e.Count == unknownCount {
		text += fmt.Sprintf("the first %d entries of revision %d", e.Read, e.Revision)
	} else {
		text += fmt.Sprintf("%d of %s of revision %d", e.Read, quantity.Of(e.Count, "key"), e.Revision)
	}
	if errors.Is(e.Err, rpctypes.ErrCompacted) {
		text += ", which was compacted meanwhile"
	}
	return text
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// Read reads q and passes its keys to sink. The error is that of the server or of sink.
// Once sink has received keys, an error of the server becomes an *IncompleteError, unless
// ctx has ended.
func Read(ctx context.Context, kv clientv3.KV, q Query, sink Sink) error {
	r := &reader{kv: kv, q: q, sink: sink, pinned: q.Revision}
	ctx, r.shown = progress.Count(ctx, reading)
	defer r.shown.End()
	limit := int64(firstBlock)
	if q.Limit > 0 && q.Limit < limit {
		limit = q.Limit
	}
	first, _, err := r.get(ctx, q.Key, q.End, limit)
	if err != nil {
		return err
	}
	r.count, r.following, r.cluster = first.Count, true, first.Header.GetClusterId()
	r.shown.SetTotal(r.count)
	if q.Limit > 0 {
		r.shown.SetTotal(min(q.Limit, r.count))
	}
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

// Errors of a listing in several responses, from a broken or dishonest server. Package
// response checks each single response.
var (
	errFewer   = errors.New("the server lists fewer keys than it counts")
	errMore    = errors.New("the server lists more keys than it counts")
	errCluster = errors.New("the endpoints belong to different clusters; check --endpoints")
)

// complete checks that as many keys were passed on as the first block counts.
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
	pinned    int64  // revision of all blocks
	cluster   uint64 // of all blocks
	following bool   // the first block was received, and pinned is fixed
	count     int64  // keys in the range
	read      int64  // keys passed on
	next      string // first key that was not passed on
	size      int64  // bytes of the keys and values passed on
	shown     *progress.Counter
}

// reading describes a scan to a person who waits for it.
const reading = "Reading keys"

func (r *reader) hand(kvs []*mvccpb.KeyValue) error {
	if len(kvs) == 0 {
		return nil
	}
	r.read += int64(len(kvs))
	r.shown.Add(int64(len(kvs)))
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

// after returns the first possible key after key.
func after(key []byte) string { return string(key) + "\x00" }

// left returns how many more keys the limit allows, or 0 if there is no limit.
func (r *reader) left() int64 {
	if r.q.Limit == 0 {
		return 0
	}
	return r.q.Limit - r.read
}

// done reports whether everything that the query selects was passed on.
func (r *reader) done() bool {
	return r.read >= r.count || r.q.Limit > 0 && r.read >= r.q.Limit
}

// gcPercent makes the garbage collector run more often while blocks are read. They are
// most of the heap, and all of them are short-lived.
const gcPercent = 50

// large sets the garbage collector's percentage for a range of more than one block.
func (q *Query) large() {
	if q.GCPercent != nil {
		q.GCPercent(gcPercent)
	}
}

// rest reads everything after the first block. It uses a stream if the server supports
// streams, otherwise pages.
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

// sinkError distinguishes errors of the sink from those of the server.
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

// retryPause is the wait before a block is requested again.
const retryPause = 100 * time.Millisecond

// get reads one block of at most limit keys. If the block would be too large, it reads
// fewer keys. asked is the limit of the last request. After a timeout the request is
// repeated, and goes to the next member. The first block is not repeated, because the
// user waits for its result.
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

// silentMembers is how many times a request is repeated after timeouts. Two pages are in
// flight, so the next member may be the same one.
const silentMembers = 2

// ask does what get does, within the timeout. A revision is the same on every member. So
// once the first block has fixed the revision, any member may answer without consulting
// the others. A member that lags behind returns an error.
func (r *reader) ask(ctx context.Context, key, end string, limit int64) (response *clientv3.GetResponse, asked int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.q.Timeout)
	defer cancel()
	serializable := r.q.Serializable || r.following
	for {
		bounded := ctx
		if limit > 1 { // a single key may have any size
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
			serializable = false // the server then waits until the member has caught up
			continue
		}
		if retry.Wait(ctx, retryPause) != nil {
			return nil, limit, err
		}
	}
}
