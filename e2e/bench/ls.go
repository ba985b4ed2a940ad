package main

import (
	"context"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

const (
	subtrees    = 10
	subtreeKeys = 100_000
)

// levelTarget is the largest ratio of ls to etcdctl's get of all keys that is
// wanted.
const levelTarget = 0.1

// listing measures ls of a level with large subtrees beside the keys of all.
func (b *bench) listing(ctx context.Context) error {
	task := fmt.Sprintf("ls of %d subtrees of %d keys (get --keys-only)", subtrees, subtreeKeys)
	say("%s: writing them", task)
	server, m, err := b.startFilled(ctx, etcdserver.Options{Flags: serverFlags}, func(client *clientv3.Client) error {
		return fillLevels(ctx, client)
	})
	if err != nil {
		return err
	}
	defer server.Stop()
	say("%s", task)
	ours, theirs, err := b.beside(ctx, m, b.runs, []string{"ls", "/level/"}, []string{"get", "/level/", "--prefix", "--keys-only", "--command-timeout=10m"})
	if err != nil {
		return err
	}
	b.report.usages(task, ours, theirs, targets{wall: levelTarget})
	return nil
}

// fillLevels writes the subtrees.
func fillLevels(ctx context.Context, client *clientv3.Client) error {
	value := strings.Repeat("x", valueSize)
	for subtree := range subtrees {
		for start := 0; start < subtreeKeys; start += batch {
			var requests []clientv3.Op
			for i := start; i < start+batch; i++ {
				requests = append(requests, clientv3.OpPut(fmt.Sprintf("/level/%c/%07d", 'a'+subtree, i), value))
			}
			if _, err := client.Txn(ctx).Then(requests...).Commit(); err != nil {
				return err
			}
		}
	}
	return nil
}
