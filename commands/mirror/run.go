package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// countEvery is how often the number of keys is printed, as etcdctl does it.
const countEvery = 30 * time.Second

// mirror is one run of the command.
type mirror struct {
	f      *cli.Factory
	opts   *options
	rename renaming
	source *etcd.Client
	dest   *etcd.Client

	writer  *writer
	journal *journal
	count   atomic.Int64 // of keys written and deleted

	sourceTrouble *trouble
}

func runMirror(ctx context.Context, f *cli.Factory, opts *options) error {
	// In etcdctl's order, which is that of the questions for passwords.
	if err := f.Connection.Check(); err != nil { // before the destination is spoken to
		return err
	}
	dest, err := etcd.Dial(ctx, f.Connection.DestinationOf(opts.endpoints(), &opts.Identity), f.Prompter, f.Warn)
	if err != nil {
		return err
	}
	defer func() { _ = dest.Close() }()
	source, err := f.Client(ctx)
	if err != nil {
		return err
	}
	m := &mirror{f: f, opts: opts, rename: opts.renaming(), source: source, dest: dest}
	m.sourceTrouble = &trouble{f: f, client: source, side: "source"}
	m.writer = &writer{
		client: dest, kv: pb.NewKVClient(dest.ActiveConnection()), renaming: m.rename, timeout: f.Connection.CommandTimeout,
		trouble: &trouble{f: f, client: dest, side: "destination"},
		count:   &m.count,
	}
	m.writer.maxOps.Store(int64(opts.MaxTxnOps))
	m.writer.maxBytes.Store(maxTxnBytes)
	return m.run(ctx)
}

// run mirrors until it is interrupted or, with --once, done.
func (m *mirror) run(ctx context.Context) error {
	current, err := m.meet(ctx)
	if m.journal != nil {
		defer m.journal.release()
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	printed := m.printCounts(ctx, countEvery)
	saved := m.journal.keep(ctx, m.f.Warn)
	revision, err := m.copyAndFollow(ctx, current)
	interrupted := context.Cause(ctx) // the count is printed no more, whatever the reason
	cancel()
	<-printed
	// How far it has come is worth keeping, whatever the reason for the end.
	if saveErr := <-saved; err == nil {
		err = saveErr
	}
	switch {
	case interrupted != nil:
		return interrupted
	case err != nil:
		return err
	}
	return m.f.PrintNext(output.Mirrored{Count: m.count.Load(), Revision: revision})
}

// copyAndFollow does what the journal says is still to be done, and with --prune
// all of it anew when the source's history was compacted. It returns, with --once,
// the revision of the source that the destination has; current is the one that
// the source had at the start.
func (m *mirror) copyAndFollow(ctx context.Context, current int64) (int64, error) {
	until := int64(0)
	if m.opts.Once {
		until = current
	}
	for {
		var err error
		if at := m.journal.position(); at.copying() {
			err = m.copyBase(ctx, at)
		}
		if err == nil {
			err = m.follow(ctx, until)
		}
		if _, is := errors.AsType[*compactedError](err); !is || !m.opts.Prune || ctx.Err() != nil {
			return m.journal.position().Revision, err
		}
		m.f.Warn(err.Error())
		m.journal.anew()
	}
}

// meet asks both clusters who they are, reads the checkpoint and writes it
// again: what cannot work is found before anything is written. It returns the
// source's revision.
func (m *mirror) meet(ctx context.Context) (current int64, err error) {
	type answer struct {
		cluster uint64
		current int64
		err     error
	}
	ask := func(client *etcd.Client) <-chan answer {
		answers := make(chan answer, 1)
		crash.Go(func() {
			timed, cancel := m.f.Timeout(ctx)
			defer cancel()
			for {
				// Whoever may not read a key may still make a transaction that does nothing.
				response, err := client.Txn(timed).Commit()
				if err == nil {
					answers <- answer{cluster: response.Header.GetClusterId(), current: response.Header.GetRevision()}
					return
				}
				if !etcd.Passes(err) || timed.Err() != nil {
					answers <- answer{err: client.Explain(ctx, err)}
					return
				}
				time.Sleep(shortestPause)
			}
		})
		return answers
	}
	ofSource, ofDest := ask(m.source), ask(m.dest)
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
	if err := m.agree(ctx); err != nil {
		return 0, err
	}
	identity := identity{
		Source: id(source.cluster), Destination: id(dest.cluster),
		Prefix: text(m.rename.from), DestPrefix: text(m.rename.to),
	}
	if m.journal, err = openJournal(m.opts.Checkpoint, identity, position{Revision: max(m.opts.Revision-1, 0), Prune: m.opts.Prune}); err != nil {
		return 0, err
	}
	at := m.journal.position()
	if behind := max(at.Revision, at.Base); behind > source.current && m.journal.continues {
		return 0, exit.BadArgsf("the source is at revision %d and %s at %d: the source is not what it was, was it restored from a backup? Remove the file to copy everything anew",
			source.current, m.opts.Checkpoint, behind)
	}
	m.writer.fence.resume(string(at.Anchor))
	m.journal.anchor = m.writer.fence.anchor
	return source.current, nil
}

// printCounts prints the number of keys now and then until ctx ends. The
// returned channel is then closed. A mirror is worth more than its count: that
// it cannot be printed is only said.
func (m *mirror) printCounts(ctx context.Context, every time.Duration) <-chan struct{} {
	done := make(chan struct{})
	crash.Go(func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := m.f.PrintNext(output.Mirrored{Count: m.count.Load(), Revision: m.journal.position().Revision}); err != nil {
				m.f.Warn(fmt.Sprintf("the number of keys can no longer be printed, the mirror goes on: %v", err))
				return
			}
		}
	})
	return done
}
