// Package mirror copies the keys of one cluster to another and follows their changes. It
// survives lost connections, members and leaders.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/retry"
)

// progressInterval is the time between two reports, as etcdctl prints them.
const progressInterval = 30 * time.Second

// Config is what to mirror, between which clusters, and where to report it.
type Config struct {
	Source, Destination *etcd.Client

	Prefix     string // of the keys to copy
	DestPrefix string // in its place at the destination
	Revision   int64  // the first one to mirror; up to 1: begin with a copy of all keys
	MaxTxnOps  uint   // 0: as many as the destination takes
	Checkpoint string // the file that holds how far the mirror is; empty: none
	Once       bool   // end when the keys are copied
	Prune      bool   // delete at the destination what the source does not have

	// Timeout bounds each request. A side that has not answered for so long is
	// reported once, and waited for.
	Timeout time.Duration

	// Confirm is asked before the first change if Prune may delete keys. Its error
	// ends the mirror. It may be nil.
	Confirm func(ctx context.Context, sizes Sizes) error

	// GCPercent lowers the percentage of the garbage collector, see heap.Limit. It may
	// be nil.
	GCPercent func(percent int)

	Warn     func(sentence string)
	Progress func(Progress) error // is called every 30 seconds, until it fails
	Pruned   func(deleted int64)  // is called when Prune has deleted keys
}

// Sizes are the numbers of keys on both sides, each below its prefix.
type Sizes struct{ Source, Destination int64 }

// Progress is how far a mirror is.
type Progress struct {
	Changes  int64 // keys written and deleted by this run
	Revision int64 // of the source, of which the destination has everything; 0 while keys are copied
}

// mirror is one run.
type mirror struct {
	Config
	rename renaming

	writer  *writer
	tracker *tracker
	count   atomic.Int64 // of keys written and deleted

	sourceOutage *sideOutage
}

// Run mirrors until ctx ends, whose cause it returns, or, with Once, until the
// keys are copied.
func Run(ctx context.Context, config Config) (Progress, error) {
	m := &mirror{Config: config, rename: renaming{config.Prefix, config.DestPrefix}}
	m.sourceOutage = newSideOutage(m.Source, "source", m.Timeout, m.Warn)
	m.writer = &writer{
		client: m.Destination, kv: pb.NewKVClient(m.Destination.ActiveConnection()), renaming: m.rename, timeout: m.Timeout,
		outage: newSideOutage(m.Destination, "destination", m.Timeout, m.Warn),
		count:  &m.count,
	}
	m.writer.maxOps.Store(int64(m.MaxTxnOps))
	m.writer.maxBytes.Store(maxTxnBytes)
	return m.run(ctx)
}

// timed returns ctx with the timeout of a request.
func (m *mirror) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, m.Timeout)
}

// run mirrors until it is interrupted or, with --once, done.
func (m *mirror) run(ctx context.Context) (Progress, error) {
	current, err := m.prepare(ctx)
	if m.tracker != nil {
		defer m.tracker.release()
	}
	if err != nil {
		return Progress{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reported := m.reportProgress(ctx, progressInterval)
	saved := m.tracker.keep(ctx, m.Warn)
	revision, err := m.copyAndFollow(ctx, current)
	interrupted := context.Cause(ctx) // progress is reported no more, whatever the reason
	cancel()
	<-reported
	// How far it has come is worth keeping, whatever the reason for the end.
	if saveErr := <-saved; err == nil {
		err = saveErr
	}
	if interrupted != nil {
		err = interrupted
	}
	return Progress{Changes: m.count.Load(), Revision: revision}, err
}

// copyAndFollow does what the tracker says is still to be done, and with --prune
// all of it anew when the source's history was compacted. It returns, with --once,
// the revision of the source that the destination has; current is the one that
// the source had at the start.
func (m *mirror) copyAndFollow(ctx context.Context, current int64) (int64, error) {
	until := int64(0)
	if m.Once {
		until = current
	}
	for {
		var err error
		if at := m.tracker.position(); at.copying() {
			err = m.copyBase(ctx, at)
		}
		if err == nil {
			err = m.follow(ctx, until)
		}
		if _, is := errors.AsType[*compactedError](err); !is || !m.Prune || ctx.Err() != nil {
			return m.tracker.position().Revision, err
		}
		m.Warn(err.Error())
		m.tracker.restart()
	}
}

// prepare asks both clusters who they are, reads the checkpoint and writes it
// again: what cannot work is found before anything is written. It returns the
// source's revision.
func (m *mirror) prepare(ctx context.Context) (current int64, err error) {
	type answer struct {
		cluster uint64
		current int64
		err     error
	}
	ask := func(client *etcd.Client) <-chan answer {
		answers := make(chan answer, 1)
		crash.Go(func() {
			timed, cancel := m.timed(ctx)
			defer cancel()
			// A user who may not read a key may still make a transaction that does nothing.
			response, err := retry.Do(timed, retry.Policy{Backoff: retry.Backoff{Min: shortestPause}, Again: retry.IsTransient},
				func(ctx context.Context) (*clientv3.TxnResponse, error) { return client.Txn(ctx).Commit() })
			if err != nil {
				answers <- answer{err: client.Explain(ctx, err)}
				return
			}
			answers <- answer{cluster: response.Header.GetClusterId(), current: response.Header.GetRevision()}
		})
		return answers
	}
	ofSource, ofDest := ask(m.Source), ask(m.Destination)
	source, dest := <-ofSource, <-ofDest
	for _, a := range []answer{dest, source} {
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case a.err != nil:
			return 0, a.err
		}
	}
	if source.cluster == dest.cluster {
		if err := m.notIntoItself(ctx); err != nil {
			return 0, err
		}
	}
	if err := m.confirm(ctx); err != nil {
		return 0, err
	}
	identity := identity{
		Source: id(source.cluster), Destination: id(dest.cluster),
		Prefix: text(m.rename.from), DestPrefix: text(m.rename.to),
	}
	if m.tracker, err = openTracker(m.Checkpoint, identity, position{Revision: max(m.Revision-1, 0), Prune: m.Prune}); err != nil {
		return 0, err
	}
	at := m.tracker.position()
	if behind := max(at.Revision, at.Base); behind > source.current && m.tracker.continues {
		return 0, exit.BadArgsf("the source is at revision %d and %s at %d: the source is not what it was, was it restored from a backup? Remove the file to copy everything anew",
			source.current, m.Checkpoint, behind)
	}
	m.writer.fence.resume(string(at.Anchor))
	m.tracker.anchor = m.writer.fence.anchor
	return source.current, nil
}

// reportProgress reports progress until ctx ends or a report fails. The returned
// channel is then closed. A mirror is worth more than its reports: a failed one is
// only a warning.
func (m *mirror) reportProgress(ctx context.Context, interval time.Duration) <-chan struct{} {
	done := make(chan struct{})
	crash.Go(func() {
		defer close(done)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := m.Progress(Progress{Changes: m.count.Load(), Revision: m.tracker.position().Revision}); err != nil {
				m.Warn(fmt.Sprintf("the number of keys can no longer be printed, the mirror goes on: %v", err))
				return
			}
		}
	})
	return done
}
