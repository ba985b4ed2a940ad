package completions

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
)

const (
	// maxDescribed is the maximum number of leases that are described. Each takes a
	// request.
	maxDescribed = 100

	// leasesAtOnce is the number of leases that are queried at the same time.
	leasesAtOnce = 16
)

// Leases completes the IDs of leases.
func Leases(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.Leases(ctx)
	if err != nil {
		return Candidates{}, err
	}
	var ids []clientv3.LeaseID
	for _, lease := range response.Leases {
		if leaseWord(lease.ID, r.Word) != "" {
			ids = append(ids, lease.ID)
		}
	}
	about := leases(ctx, c, ids[:min(len(ids), maxDescribed)])
	found := Candidates{Words: make([]string, 0, len(ids))}
	for _, id := range ids {
		lease, word := about[id], leaseWord(id, r.Word)
		switch {
		case lease == nil:
			found.Words = append(found.Words, word)
		case lease.TTL >= 0: // otherwise it has just expired
			found.Words = append(found.Words, described(word, aboutLease(lease)))
		}
	}
	return found, nil
}

// leaseWord returns the ID of a lease that starts with word, or an empty string. The ID has
// 16 digits, as "lease list" prints it, or no leading zeros, as other formats print it.
func leaseWord(id clientv3.LeaseID, word string) string {
	for _, digits := range []string{fmt.Sprintf("%016x", int64(id)), hex(id)} {
		if strings.HasPrefix(digits, word) {
			return digits
		}
	}
	return ""
}

// hex returns the ID of a lease as it is in the keys of locks and elections.
func hex(id clientv3.LeaseID) string { return strconv.FormatInt(int64(id), 16) }

// aboutLease describes a lease by its time and its keys.
func aboutLease(lease *clientv3.LeaseTimeToLiveResponse) string {
	const shown = 2
	keys := "no keys"
	if n := len(lease.Keys); n > 0 {
		var names []string
		for _, key := range lease.Keys[:min(n, shown)] {
			names = append(names, string(key))
		}
		keys = strings.Join(names, " ")
		if n > shown {
			keys += " and " + quantity.Of(n-shown, "more key")
		}
	}
	return fmt.Sprintf("%ds of %ds left, %s", lease.TTL, lease.GrantedTTL, keys)
}

// leases returns the time and the keys of leases. Leases whose keys the user may not read
// are missing, and when ctx ends, those that have not been queried.
func leases(ctx context.Context, c *etcd.Client, ids []clientv3.LeaseID) map[clientv3.LeaseID]*clientv3.LeaseTimeToLiveResponse {
	about := map[clientv3.LeaseID]*clientv3.LeaseTimeToLiveResponse{}
	var mu sync.Mutex
	querying, _ := crash.NewGroup(ctx, leasesAtOnce)
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		querying.Start(func() error {
			response, err := c.TimeToLive(ctx, id, clientv3.WithAttachedKeys())
			if err != nil {
				return nil // it is offered without a description
			}
			mu.Lock()
			defer mu.Unlock()
			about[id] = response
			return nil
		})
	}
	_ = querying.Wait() // no function returns an error
	return about
}
