package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

const (
	snapshotSize  = 500 << 20
	snapshotValue = 100 << 10
)

// copying measures snapshot save.
func (b *bench) copying(ctx context.Context) error {
	const task = "snapshot save of 500 MB"
	say("%s: writing it", task)
	value := strings.Repeat("x", snapshotValue)
	server, m, err := b.startFilled(ctx, etcdserver.Options{Flags: serverFlags}, func(client *clientv3.Client) error {
		for i := range snapshotSize / snapshotValue {
			if _, err := client.Put(ctx, fmt.Sprintf("/large/%06d", i), value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer server.Stop()
	say("%s", task)
	// What the disk still has to do for one copy, and for the one that it takes
	// the place of, must not be waited for by the next: ours waits for the disk.
	target := filepath.Join(server.Dir(), "copy")
	m.before = func() error {
		if err := os.RemoveAll(target); err != nil {
			return err
		}
		syscall.Sync()
		return nil
	}
	// The first copy makes the kernel hold the pages of the database.
	if _, err := m.run(ctx, []string{b.ectl, "snapshot", "save", target}); err != nil {
		return err
	}
	ours, theirs, err := b.both(ctx, m, max(b.runs, leastRuns), "snapshot", "save", target)
	if err != nil {
		return err
	}
	b.report.usages(task, ours, theirs, targets{wall: equalTarget, memory: equalTarget})
	return nil
}
