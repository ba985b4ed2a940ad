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

// progressInterval is the time between two progress reports, as in etcdctl.
const progressInterval = 30 * time.Second

// Config describes a mirror: its clusters, its keys and the functions that report on it.
type Config struct {
	Source, Destination *etcd.Client

	Prefix     string // of the keys to copy
	DestPrefix string // replaces Prefix at the destination
	Revision   int64  // the first one to mirror; up to 1, all keys are copied first
	MaxTxnOps  uint   // max changes in a transaction; 0 means as many as the destination accepts
	Checkpoint string // file that holds the position of the mirror; may be empty
	Once       bool   // stop when the keys are copied
	Prune      bool   // delete at the destination what the source does not have

	// Timeout bounds each request. If a side does not answer for so long, the mirror
	// warns once and continues to try. With Once it gives up after onceTimeouts of them.
	Timeout time.Duration

	// Confirm is called before the first change if Prune may delete keys. Its error ends
	// the mirror. It may be nil.
	Confirm func(ctx context.Context, sizes Sizes) error

	// GCPercent lowers the percentage of the garbage collector, see heap.Limit. It may
	// be nil.
	GCPercent func(percent int)

	Warn     func(sentence string)
	Progress func(Progress) error // called every 30 seconds, until it fails
	Pruned   func(deleted int64)  // called when Prune has deleted keys
}

// Sizes holds the number of keys under the prefix of each side.
type Sizes struct{ Source, Destination int64 }

// Progress reports how far a mirror has come.
type Progress struct {
	Changes  int64 // keys of the source that this run has written, deleted or found equal
	Revision int64 // last source revision that is completely at the destination; 0 during the copy
}

// mirror is one run.
type mirror struct {
	Config
	rename renaming

	writer  *writer
	tracker *tracker
	count   atomic.Int64 // see Progress

	sourceOutage *sideOutage
}

// Run mirrors until ctx ends, and returns its cause. With Once it returns when the keys
// are copied. Even with an error, it returns the progress so far.
func Run(ctx context.Context, config Config) (Progress, error) {
	m := &mirror{Config: config, rename: renaming{config.Prefix, config.DestPrefix}}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	giveUp := fail
	if !m.Once {
		giveUp = nil // it continues until it is interrupted
	}
	m.sourceOutage = newSideOutage(m.Source, sideSource, m.Timeout, m.Warn, giveUp)
	m.writer = &writer{
		client: m.Destination, kv: pb.NewKVClient(m.Destination.ActiveConnection()), renaming: m.rename, timeout: m.Timeout,
		outage: newSideOutage(m.Destination, sideDestination, m.Timeout, m.Warn, giveUp),
		count:  &m.count,
	}
	m.writer.maxOps.Store(maxChanges(m.MaxTxnOps))
	m.writer.maxBytes.Store(maxTxnBytes)
	return m.run(ctx)
}

// maxChanges returns the maximum number of changes in a transaction of maxOps operations.
// Each change has a condition, and the fence has one more. The server also limits the
// number of conditions.
func maxChanges(maxOps uint) int64 {
	if maxOps > 1 {
		maxOps--
	}
	return int64(maxOps)
}

// timed returns ctx with the timeout of a request.
func (m *mirror) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, m.Timeout)
}

// run mirrors until ctx ends or, with Once, until the keys are copied.
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
	interrupted := context.Cause(ctx) // read before cancel, which sets a cause itself
	cancel()
	<-reported
	// The position is saved even after an error.
	if saveErr := <-saved; err == nil {
		err = saveErr
	}
	if interrupted != nil {
		err = interrupted
	}
	return Progress{Changes: m.count.Load(), Revision: revision}, err
}

// copyAndFollow copies and follows from the tracker's position. If the source's history
// was compacted and Prune is set, it starts again with a full copy. It returns the last
// source revision that is completely at the destination. With Once it stops at current,
// the source's revision at the start.
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

// prepare queries both clusters, reads the checkpoint and writes it again. So a mirror
// that cannot work fails before any key is written. It returns the source's revision.
func (m *mirror) prepare(ctx context.Context) (current int64, err error) {
	type answer struct {
		cluster uint64
		current int64
		err     error
	}
	ask := func(client *etcd.Client, a *answer) func() error {
		return func() error {
			timed, cancel := m.timed(ctx)
			defer cancel()
			// An empty transaction needs no permission on any key.
			response, err := retry.Do(timed, retry.Policy{Backoff: retry.Backoff{Min: minPause}, Again: retry.IsTransient},
				func(ctx context.Context) (*clientv3.TxnResponse, error) { return client.Txn(ctx).Commit() })
			if err != nil {
				a.err = client.Explain(ctx, err)
				return nil // the other side's answer matters too
			}
			a.cluster, a.current = response.Header.GetClusterId(), response.Header.GetRevision()
			return nil
		}
	}
	var source, dest answer
	asking, _ := crash.NewGroup(ctx, crash.Unlimited)
	asking.Start(ask(m.Source, &source))
	asking.Start(ask(m.Destination, &dest))
	_ = asking.Wait()
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
		return 0, exit.BadArgsf("the source is at revision %d, which is older than revision %[3]d in %[2]s: it may have been restored from a backup; to copy everything again, remove the file",
			source.current, m.Checkpoint, behind)
	}
	m.writer.fence.resume(string(at.Anchor))
	m.tracker.anchor = m.writer.fence.anchor
	return source.current, nil
}

// reportProgress reports progress until ctx ends or a report fails, and then closes the
// returned channel. A failed report is only a warning, so the mirror continues.
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
				m.Warn(fmt.Sprintf("the number of keys can no longer be printed, the mirror continues: %v", err))
				return
			}
		}
	})
	return done
}
