package main

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

const (
	watchedEvents = 200_000
	eventLines    = 3 // in simple
)

// The largest ratios to etcdctl that are wanted.
const (
	watchTarget       = 0.5
	watchMemoryTarget = 0.35
)

// watching measures a watch of the past, until its last event has been printed:
// of events that came in large transactions, where the work is the client's, and
// of events each of which is a revision, where most of the time is the server's
// rounds, and the memory is what a client has anyway.
func (b *bench) watching(ctx context.Context) error {
	for _, past := range []struct {
		kind         string
		fill         func(context.Context, *clientv3.Client, int) error
		memoryTarget float64
	}{
		{"past events", fill, watchMemoryTarget},
		{"past revisions", fillSingly, 0},
	} {
		task := fmt.Sprintf("watch of %d %s", watchedEvents, past.kind)
		if err := b.watchingPast(ctx, task, past.fill, past.memoryTarget); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) watchingPast(ctx context.Context, task string, fill func(context.Context, *clientv3.Client, int) error, memoryTarget float64) error {
	say("%s: writing them", task)
	server, m, err := b.startFilled(ctx, etcdserver.Options{Flags: serverFlags}, func(client *clientv3.Client) error {
		return fill(ctx, client, watchedEvents)
	})
	if err != nil {
		return err
	}
	defer server.Stop()
	m.lines = watchedEvents * eventLines
	say("%s", task)
	ours, theirs, err := b.both(ctx, m, max(b.runs, leastRuns), "watch", prefix, "--prefix", "--rev", "1")
	if err != nil {
		return err
	}
	b.report.usages(task, ours, theirs, targets{wall: watchTarget, memory: memoryTarget})
	return nil
}
