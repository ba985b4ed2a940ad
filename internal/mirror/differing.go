package mirror

import (
	"bytes"
	"context"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Only what differs is written. Otherwise each of two mirrors in opposite directions would
// take the writes of the other for changes, without end.
//
// The transaction of a batch checks that the keys still are as the writer knows them. New
// keys are expected to be missing. Other keys, and new ones that exist, are read first. The
// lease of a key does not count: a mirror copies none, and must not take the lease of the
// other side's key away.
//
// A user who may not read the destination writes everything.

// known is what the destination has of a key.
type known struct {
	key      []byte
	revision int64 // 0: it does not exist
	value    []byte
}

// made is the outcome of an attempt.
type made struct {
	all      bool     // everything is as wanted; otherwise the anchor or a key was written
	changes  []change // that were made
	revision int64    // of them
}

// attempt makes changes once. Unchecked changes are made without a look at their keys.
func (w *writer) attempt(ctx context.Context, pass pass, changes []change, unchecked bool) (made, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	if unchecked || !slices.ContainsFunc(changes, change.puts) {
		return w.commit(ctx, pass, nil, changes)
	}
	if !w.occupied.Load() && w.expectsMissing(changes) {
		done, err := w.commit(ctx, pass, missing(changes), changes)
		if err != nil || done.all {
			return done, err
		}
		w.occupied.Store(true)
	}
	there, err := w.readKnown(ctx, pass, changes)
	if err != nil || there == nil {
		return made{}, err
	}
	w.occupied.Store(slices.ContainsFunc(there, func(k known) bool { return k.revision > 0 }))
	differing := lacking(changes, there)
	if len(differing) == 0 {
		return made{all: true}, nil
	}
	return w.commit(ctx, pass, there, differing)
}

func (c change) puts() bool { return !c.deleted }

// expectsMissing reports whether the destination probably has none of the keys to put. The
// batch must fit into a transaction. Otherwise it is read, because it may not differ.
func (w *writer) expectsMissing(changes []change) bool {
	return int64(sizeOf(changes)) <= w.maxBytes.Load() && !slices.ContainsFunc(changes, func(c change) bool { return c.puts() && !c.created })
}

// missing returns that the keys to put do not exist.
func missing(changes []change) []known {
	there := make([]known, 0, len(changes))
	for _, c := range changes {
		if c.puts() {
			there = append(there, known{key: c.key})
		}
	}
	return there
}

// lacking returns the changes that the destination lacks. there has what it has of the keys
// to put, in the same order.
func lacking(changes []change, there []known) []change {
	var differing []change
	for _, c := range changes {
		if c.puts() {
			has := there[0]
			there = there[1:]
			if has.revision > 0 && bytes.Equal(has.value, c.value) {
				continue
			}
		}
		differing = append(differing, c)
	}
	return differing
}

// readKnown reads the keys to put. It returns nil if the anchor was written.
func (w *writer) readKnown(ctx context.Context, pass pass, changes []change) ([]known, error) {
	there := missing(changes)
	ops, operations := make([]*pb.RequestOp, len(there)), make([]pb.RequestOp, len(there))
	for i, k := range there {
		operations[i].Request = &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: k.key}}
		ops[i] = &operations[i]
	}
	response, err := w.send(etcd.AcceptAtMost(ctx, maxKnown), &pb.TxnRequest{Compare: pass.conditions(), Success: ops})
	if err != nil || !response.GetSucceeded() {
		return nil, err
	}
	for i, part := range response.GetResponses() {
		for _, kv := range part.GetResponseRange().GetKvs() {
			there[i].revision, there[i].value = kv.GetModRevision(), kv.GetValue()
		}
	}
	return there, nil
}

// maxKnown is the maximum size of what is read for one batch, in bytes. A batch whose keys
// have more at the destination is split, or written without a look at them.
const maxKnown = 8 << 20

// commit makes changes in a transaction, if the keys still are as there says.
func (w *writer) commit(ctx context.Context, pass pass, there []known, changes []change) (made, error) {
	request := request(pass, changes)
	compares, targets := make([]pb.Compare, len(there)), make([]pb.Compare_ModRevision, len(there))
	for i, k := range there {
		targets[i].ModRevision = k.revision
		compares[i] = pb.Compare{Key: k.key, Target: pb.Compare_MOD, Result: pb.Compare_EQUAL, TargetUnion: &targets[i]}
		request.Compare = append(request.Compare, &compares[i])
	}
	response, err := w.send(ctx, request)
	if err != nil || !response.GetSucceeded() {
		return made{}, err
	}
	return made{all: true, changes: changes, revision: response.GetHeader().GetRevision()}, nil
}
