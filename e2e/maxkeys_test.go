package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Keys come and go while "del --max-keys" runs: whenever it deletes something,
// that is no more than it was allowed.
func TestMaxKeysHoldsWhileKeysAreCreated(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	client, err := c.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const allowed = 3
	few, many := puts(0, allowed), puts(allowed, 40)
	ended := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			for _, requests := range [][]clientv3.Op{{clientv3.OpDelete("/k/", clientv3.WithPrefix())}, few, many} {
				if _, err := client.Txn(t.Context()).Then(requests...).Commit(); err != nil {
					ended <- err
					return
				}
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	const rounds, wanted = 300, 10
	deleted := 0
	for round := 0; round < rounds && deleted < wanted; round++ {
		r := c.RunAt(c.Endpoint(), "del", "/k/", "--prefix", "--max-keys", strconv.Itoa(allowed))
		if r.Status != "0" {
			// 37 are left to be found if an earlier round has deleted the first three.
			if !strings.Contains(r.Stderr, "nothing was deleted: found 40 keys (prefix /k/)") && !strings.Contains(r.Stderr, "nothing was deleted: found 37 keys (prefix /k/)") {
				t.Fatalf("del --max-keys ends with status %s and says %s", r.Status, r.Stderr)
			}
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(r.Stdout))
		if err != nil || n > allowed {
			t.Fatalf("del --max-keys %d deleted %q keys (%v)", allowed, r.Stdout, err)
		}
		if n > 0 {
			deleted++
		}
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if deleted == 0 {
		t.Errorf("del --max-keys deleted nothing in %d rounds: the test has no meaning", rounds)
	}
}

// puts are requests that write the keys of /k/ with these numbers.
func puts(from, to int) []clientv3.Op {
	var requests []clientv3.Op
	for i := from; i < to; i++ {
		requests = append(requests, clientv3.OpPut(fmt.Sprintf("/k/%03d", i), "v"))
	}
	return requests
}
