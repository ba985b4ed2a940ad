package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/etcdserver"
)

// The largest ratios to etcdctl that are wanted.
const (
	watchTarget       = 0.5
	watchMemoryTarget = 0.35
	levelTarget       = 0.1
	deadTarget        = 0.55
	equalTarget       = 1.0
)

// on starts a server and returns what measures commands on it.
func (b *bench) on(ctx context.Context, options etcdserver.Options) (*etcdserver.Server, measurer, error) {
	server, err := etcdserver.Start(ctx, options)
	if err != nil {
		return nil, measurer{}, err
	}
	return server, measurer{launch: b.launch, environ: []string{
		"ETCDCTL_ENDPOINTS=" + strings.Join(server.Endpoints(), ","),
		"HOME=" + server.Dir(),
		"PATH=" + os.Getenv("PATH"),
	}}, nil
}

// both measures the same arguments of the two programs.
func (b *bench) both(ctx context.Context, m measurer, runs int, args ...string) (ours, theirs usage, err error) {
	return b.beside(ctx, m, runs, args, args)
}

// beside measures arguments of ours beside others of etcdctl.
func (b *bench) beside(ctx context.Context, m measurer, runs int, ours, theirs []string) (a, z usage, err error) {
	medians, err := m.alternate(ctx, runs,
		candidate{"ectl", append([]string{b.ectl}, ours...)},
		candidate{"etcdctl", append([]string{b.etcdctl}, theirs...)})
	return medians["ectl"], medians["etcdctl"], err
}

const (
	watchedEvents = 200_000
	eventLines    = 3 // in simple
)

// watching measures a watch of the past, until its last event has been printed:
// of events that came in large transactions, where the work is the client's, and
// of events each of which is a revision, where most of the time is the server's
// rounds, and the memory is what a client has anyway.
func (b *bench) watching(ctx context.Context) error {
	for _, past := range []struct {
		kind         string
		fill         func(context.Context, *etcdserver.Server, int) error
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

func (b *bench) watchingPast(ctx context.Context, task string, fill func(context.Context, *etcdserver.Server, int) error, memoryTarget float64) error {
	server, m, err := b.on(ctx, etcdserver.Options{Flags: serverFlags})
	if err != nil {
		return err
	}
	defer server.Stop()
	say("%s: writing them", task)
	if err := fill(ctx, server, watchedEvents); err != nil {
		return err
	}
	m.lines = watchedEvents * eventLines
	say("%s", task)
	ours, theirs, err := b.both(ctx, m, max(b.runs, leastRuns), "watch", prefix, "--prefix", "--rev", "1")
	if err != nil {
		return err
	}
	b.report.compare(task, "wall", round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), watchTarget)
	b.report.compare(task, "CPU", round(ours.cpu), round(theirs.cpu), ratio(ours.cpu, theirs.cpu), 0)
	b.report.compare(task, "peak memory", size(ours.memory), size(theirs.memory), ratio(ours.memory, theirs.memory), memoryTarget)
	return nil
}

// leastRuns is how often what depends on a server's rounds is measured.
const leastRuns = 5

const (
	subtrees    = 10
	subtreeKeys = 100_000
)

// listing measures ls of a level with large subtrees beside the keys of all.
func (b *bench) listing(ctx context.Context) error {
	server, m, err := b.on(ctx, etcdserver.Options{Flags: serverFlags})
	if err != nil {
		return err
	}
	defer server.Stop()
	client, err := server.Client("", "")
	if err != nil {
		return err
	}
	defer client.Close()
	task := fmt.Sprintf("ls of %d subtrees of %d keys", subtrees, subtreeKeys)
	say("%s: writing them", task)
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
	say("%s", task)
	ours, theirs, err := b.beside(ctx, m, b.runs, []string{"ls", "/level/"}, []string{"get", "/level/", "--prefix", "--keys-only", "--command-timeout=10m"})
	if err != nil {
		return err
	}
	b.report.compare(task, "wall (get --keys-only)", round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), levelTarget)
	b.report.compare(task, "peak memory", size(ours.memory), size(theirs.memory), ratio(ours.memory, theirs.memory), 0)
	return nil
}

const (
	leases      = 10_000
	leaseTTL    = 1000 // seconds
	clusterSize = 3
)

// maintaining measures what looks after a cluster: the state of its members
// when most of them are dead, and lists and transactions while they live.
func (b *bench) maintaining(ctx context.Context) error {
	server, m, err := b.on(ctx, etcdserver.Options{Members: clusterSize})
	if err != nil {
		return err
	}
	defer server.Stop()
	client, err := server.Client("", "")
	if err != nil {
		return err
	}
	defer client.Close()
	say("granting %d leases", leases)
	for range leases {
		if _, err := client.Grant(ctx, leaseTTL); err != nil {
			return err
		}
	}
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
		medians, err := m.alternate(ctx, b.starts, candidate{"ectl", c.argv(b.ectl)}, candidate{"etcdctl", c.argv(b.etcdctl)})
		if err != nil {
			return err
		}
		ours, theirs := medians["ectl"], medians["etcdctl"]
		b.report.compare(c.task, "wall", ours.wall, theirs.wall, ratio(ours.wall, theirs.wall), equalTarget)
		b.report.compare(c.task, "CPU", ours.cpu, theirs.cpu, ratio(ours.cpu, theirs.cpu), equalTarget)
		b.report.compare(c.task, "peak memory", size(ours.memory), size(theirs.memory), ratio(ours.memory, theirs.memory), equalTarget)
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
	b.report.compare(task, "wall", round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), deadTarget)
	return nil
}

const (
	snapshotSize  = 500 << 20
	snapshotValue = 100 << 10
)

// copying measures snapshot save.
func (b *bench) copying(ctx context.Context) error {
	server, m, err := b.on(ctx, etcdserver.Options{Flags: serverFlags})
	if err != nil {
		return err
	}
	defer server.Stop()
	client, err := server.Client("", "")
	if err != nil {
		return err
	}
	defer client.Close()
	const task = "snapshot save of 500 MB"
	say("%s: writing it", task)
	value := strings.Repeat("x", snapshotValue)
	for i := range snapshotSize / snapshotValue {
		if _, err := client.Put(ctx, fmt.Sprintf("/large/%06d", i), value); err != nil {
			return err
		}
	}
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
	b.report.compare(task, "wall", round(ours.wall), round(theirs.wall), ratio(ours.wall, theirs.wall), equalTarget)
	b.report.compare(task, "peak memory", size(ours.memory), size(theirs.memory), ratio(ours.memory, theirs.memory), equalTarget)
	return nil
}
