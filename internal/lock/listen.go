package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/outage"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/watch"
	"github.com/ectl-io/ectl/internal/watch/stream"
)

// listener follows the queue of an election. The oldest key is the leader's.
type listener struct {
	ListenConfig

	outage *outage.Outage

	queue map[string]*mvccpb.KeyValue
	seen  int64            // revision that queue is current at
	shown *mvccpb.KeyValue // the leader's key as last shown
}

// ListenConfig defines which election to follow, and where to report it.
type ListenConfig struct {
	Client  *etcd.Client
	Prefix  string                  // of the keys of the election
	Timeout time.Duration           // of the first read, and until an outage is reported
	Signals func() <-chan os.Signal // see Config; called after the first read
	Show    Show                    // called when the leader or its value has changed
	Warn    func(sentence string)
}

// Listen follows an election until a signal comes or ctx ends. After a signal it returns
// nil.
func Listen(ctx context.Context, config ListenConfig) error {
	l := &listener{ListenConfig: config}
	timed, cancel := context.WithTimeout(ctx, l.Timeout)
	header, err := l.read(timed)
	cancel()
	if err != nil {
		return err
	}
	l.outage = &outage.Outage{
		Patience: l.Timeout,
		Overdue: func(reason error) {
			l.Warn(fmt.Sprintf("not listening, still trying: %v", l.Client.Explain(ctx, reason)))
		},
		Resumed: func(time.Duration) { l.Warn("listening now") },
	}
	listening, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	signals := l.Signals()
	crash.Go(func() {
		select {
		case <-signals:
			stop(errStopped)
		case <-listening.Done():
		}
	})
	if err := l.follow(listening, header); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

// follow shows the leader and all changes, until ctx ends or the permission to read is
// lost. header is that of the first read.
func (l *listener) follow(ctx context.Context, header *pb.ResponseHeader) error {
	for {
		if err := l.showChange(header); err != nil {
			return err
		}
		err := l.watch(ctx)
		if err != nil {
			return err
		}
		if err := retry.Wait(ctx, watchPause); err != nil {
			return err
		}
		if header, err = l.read(ctx); err != nil {
			return err
		}
	}
}

// read reads the whole queue.
func (l *listener) read(ctx context.Context) (*pb.ResponseHeader, error) {
	response, err := repeat(ctx, l.outage, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return l.Client.Get(ctx, l.Prefix, clientv3.WithPrefix())
	})
	if err != nil {
		return nil, err
	}
	l.queue, l.seen = map[string]*mvccpb.KeyValue{}, response.Header.Revision
	for _, kv := range response.Kvs {
		l.queue[string(kv.Key)] = kv
	}
	return response.Header, nil
}

// watch follows the queue from l.seen on. It returns nil when the watch has ended and
// another one may start.
func (l *listener) watch(ctx context.Context) error {
	watch := &watch.Watch{
		Client: watch.Of(l.Client), Next: l.seen + 1,
		Query:  stream.Query{Key: l.Prefix, End: clientv3.GetPrefixRangeEnd(l.Prefix)},
		Outage: l.outage,
	}
	return watch.Run(ctx, l)
}

// Receive implements watch.Sink. If a watch has ended, the next read of the queue returns
// the reason.
func (l *listener) Receive(part watch.Part) error {
	if part.Canceled {
		return nil
	}
	for i, event := range part.Events {
		kv := event.GetKv()
		if event.GetType() == mvccpb.Event_DELETE {
			delete(l.queue, string(kv.GetKey()))
		} else {
			l.queue[string(kv.GetKey())] = kv
		}
		l.seen = kv.GetModRevision()
		if i+1 < len(part.Events) && part.Events[i+1].GetKv().GetModRevision() == l.seen {
			continue // only the last change of a transaction counts
		}
		if err := l.showChange(part.Header); err != nil {
			return err
		}
	}
	return nil
}

// Idle implements watch.Sink. It does nothing, because changes are shown immediately.
func (l *listener) Idle() error { return nil }

// showChange shows the leader if it or its value has changed.
func (l *listener) showChange(header *pb.ResponseHeader) error {
	var leader *mvccpb.KeyValue
	for _, kv := range l.queue {
		if leader == nil || kv.CreateRevision < leader.CreateRevision {
			leader = kv
		}
	}
	if leader == nil || l.shown != nil && l.shown.ModRevision == leader.ModRevision && string(l.shown.Key) == string(leader.Key) {
		return nil
	}
	l.shown = leader
	return l.Show(&clientv3.GetResponse{Header: header, Kvs: []*mvccpb.KeyValue{leader}})
}
