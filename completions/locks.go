package completions

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
)

// maxLeases is the maximum number of leases that are searched for locks.
const maxLeases = 2000

// Locks completes the names of the locks that are held.
func Locks(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	return queues(ctx, c, r.Word, func(holder string, waiting int) (string, bool) {
		if waiting == 0 {
			return "held", holder == ""
		}
		return "held, " + quantity.Of(waiting, "waiter"), holder == ""
	})
}

// Elections completes the names of the elections that have a leader.
func Elections(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	return queues(ctx, c, r.Word, func(leader string, _ int) (string, bool) {
		return "leader " + leader, leader != ""
	})
}

// queues completes the names of the queues of locks and elections. describe gets the value
// of the first in the queue, which is the proposal of a leader and empty for a lock, and
// the number of the others. It reports whether the queue is of the wanted kind.
func queues(ctx context.Context, c *etcd.Client, word string, describe func(first string, others int) (string, bool)) (Candidates, error) {
	counts, err := queueLengths(ctx, c, word)
	if err != nil {
		return Candidates{}, err
	}
	names := slices.Sorted(maps.Keys(counts))
	candidates := make([]string, min(len(names), maxKeys))
	group, _ := crash.NewGroup(ctx, leasesAtOnce)
	for i := range candidates {
		group.Start(func() error {
			response, err := c.Get(ctx, names[i]+"/", clientv3.WithFirstCreate()...)
			if err != nil || len(response.Kvs) == 0 {
				return nil //nolint:nilerr // it is not offered
			}
			first := response.Kvs[0]
			if string(first.GetKey()) != queueKey(names[i], clientv3.LeaseID(first.GetLease())) {
				return nil // it only looks like a queue
			}
			if text, wanted := describe(string(first.GetValue()), counts[names[i]]-1); wanted {
				candidates[i] = described(names[i], text)
			}
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
	return Candidates{Words: slices.DeleteFunc(candidates, func(c string) bool { return c == "" })}, nil
}

// queueKey returns the key of a client in a queue.
func queueKey(name string, lease clientv3.LeaseID) string { return name + "/" + hex(lease) }

// queueLengths returns the number of keys in each queue whose name starts with word. A
// user who may not list the leases gets names that look like queues.
func queueLengths(ctx context.Context, c *etcd.Client, word string) (map[string]int, error) {
	counts := map[string]int{}
	response, err := c.Leases(ctx)
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		return counts, countPermitted(ctx, c, word, counts)
	}
	if err != nil {
		return nil, err
	}
	var ids []clientv3.LeaseID
	for _, lease := range response.Leases[:min(len(response.Leases), maxLeases)] {
		ids = append(ids, lease.ID)
	}
	for id, lease := range leases(ctx, c, ids) {
		for _, key := range lease.Keys {
			name, _ := cutLast(string(key))
			if string(key) == queueKey(name, id) && startsWith(name, word) {
				counts[name]++
			}
		}
	}
	return counts, nil
}

// countPermitted counts the keys that end like those of a queue. It reads the keys that
// the user may read, up to a limit, and without their leases: servers leave these out with
// the values.
func countPermitted(ctx context.Context, c *etcd.Client, word string, counts map[string]int) error {
	const limit = 2000
	readable, err := reader.Readable(ctx, c)
	if err != nil {
		return err
	}
	for _, r := range readable.Intersection(access.SetOf(access.PrefixRange([]byte(word)))).Ranges() {
		options := []clientv3.OpOption{clientv3.WithLimit(limit), clientv3.WithKeysOnly(), clientv3.WithSerializable()}
		if len(r.End) > 0 {
			options = append(options, clientv3.WithRange(string(r.End)))
		}
		response, err := c.Get(ctx, string(r.Key), options...)
		if err != nil {
			return err
		}
		for _, kv := range response.Kvs {
			name, last := cutLast(string(kv.GetKey()))
			if _, err := strconv.ParseInt(last, 16, 64); err == nil && startsWith(name, word) {
				counts[name]++
			}
		}
	}
	return nil
}

// cutLast cuts a key at its last slash.
func cutLast(key string) (name, last string) {
	at := strings.LastIndexByte(key, '/')
	return key[:max(at, 0)], key[at+1:]
}
