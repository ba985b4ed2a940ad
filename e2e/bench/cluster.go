package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

const (
	leases      = 10_000
	leaseTTL    = 1000 // seconds
	clusterSize = 3
)

// deadTarget is the largest ratio to etcdctl that is wanted of the state of a
// cluster of which most is dead.
const deadTarget = 0.55

// maintaining measures what looks after a cluster: the state of its members
// when most of them are dead, and lists and transactions while they live.
func (b *bench) maintaining(ctx context.Context) error {
	say("granting %d leases", leases)
	server, m, err := b.startFilled(ctx, etcdserver.Options{Members: clusterSize}, func(client *clientv3.Client) error {
		for range leases {
			if _, err := client.Grant(ctx, leaseTTL); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer server.Stop()
	input := filepath.Join(server.Dir(), "txn")
	if err := os.WriteFile(input, []byte("mod(\"k\") > \"0\"\n\nget k\n\nput k v\n\n"), 0o600); err != nil {
		return err
	}
	for _, c := range []struct {
		task string
		argv func(program string) []string
	}{
		{fmt.Sprintf("lease list of %d leases", leases), func(program string) []string { return []string{program, "lease", "list"} }},
		{"member list", func(program string) []string { return []string{program, "member", "list"} }},
		{"txn", func(program string) []string {
			return []string{"/bin/sh", "-c", `exec "$0" txn <"$1"`, program, input}
		}},
	} {
		say("%s", c.task)
		medians, err := m.alternate(ctx, b.starts, candidate{name: "ectl", argv: c.argv(b.ectl)}, candidate{name: "etcdctl", argv: c.argv(b.etcdctl)})
		if err != nil {
			return err
		}
		b.report.usages(c.task, medians["ectl"], medians["etcdctl"], targets{wall: equalTarget, cpu: equalTarget, memory: equalTarget})
	}
	for _, member := range server.Members[1:] {
		member.Kill()
	}
	const task = "endpoint status, two of three dead"
	say("%s", task)
	m.fails = true
	ours, theirs, err := b.both(ctx, m, b.runs, "endpoint", "status")
	if err != nil {
		return err
	}
	b.report.usages(task, ours, theirs, targets{wall: deadTarget})
	return nil
}
