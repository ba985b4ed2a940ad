package scan

import (
	"context"
	"errors"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
)

// ReadRanges reads several ranges in order, all at one revision, and passes them to sink
// as one range. q has the options for each of them, and must have no limit. The errors
// are those of Read.
func ReadRanges(ctx context.Context, kv clientv3.KV, q Query, ranges []access.Range, sink Sink) error {
	all := &joined{Sink: sink}
	for _, r := range ranges {
		before := all.count
		q.Key, q.End = string(r.Key), string(r.End)
		if err := Read(ctx, kv, q, all); err != nil {
			if before == 0 || all.failed || ctx.Err() != nil {
				return err
			}
			return behind(err, before, q.Revision)
		}
		if q.Revision == 0 {
			q.Revision = all.revision
		}
	}
	return sink.End(false, all.count)
}

// joined presents several ranges to a Sink as one.
type joined struct {
	Sink
	begun    bool
	revision int64
	count    int64
	failed   bool // the last error is the sink's, not the server's
}

// Begin implements Sink.
func (j *joined) Begin(header *pb.ResponseHeader) error {
	if j.begun {
		return nil
	}
	j.begun, j.revision = true, header.GetRevision()
	err := j.Sink.Begin(header)
	j.failed = err != nil
	return err
}

// Keys implements Sink.
func (j *joined) Keys(kvs []*mvccpb.KeyValue) error {
	err := j.Sink.Keys(kvs)
	j.failed = err != nil
	return err
}

// End implements Sink.
func (j *joined) End(_ bool, count int64) error {
	j.count += count
	return nil
}

// behind returns the error of a range after others. before is the number of keys that
// were read from these others.
func behind(err error, before, revision int64) error {
	if e, ok := errors.AsType[*IncompleteError](err); ok {
		return &IncompleteError{Read: before + e.Read, Count: unknownCount, Revision: e.Revision, Err: e.Err}
	}
	return &IncompleteError{Read: before, Count: unknownCount, Revision: revision, Err: err}
}
