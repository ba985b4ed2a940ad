package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Large subtrees beside small ones and keys, on every version of the server.
func TestLevelsOfManyKeys(t *testing.T) {
	var keys []string
	for i := range 20_000 {
		switch i % 4 {
		case 0:
			keys = append(keys, fmt.Sprintf("/m/large%d/%d", i%3, i))
		case 1:
			keys = append(keys, fmt.Sprintf("/m/nested/%02d/%d", i%70, i))
		case 2:
			keys = append(keys, fmt.Sprintf("/m/small%d/%d", i%1000, i))
		default:
			keys = append(keys, fmt.Sprintf("/m/key%d", i))
		}
	}
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCluster(t, etcdserver.Options{Version: version})
			client, err := c.Client("", "")
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			for some := range slices.Chunk(keys, 120) {
				var requests []clientv3.Op
				for _, key := range some {
					requests = append(requests, clientv3.OpPut(key, "v"))
				}
				if _, err := client.Txn(t.Context()).Then(requests...).Commit(); err != nil {
					t.Fatal(err)
				}
			}
			for depth := 1; depth <= 3; depth++ {
				got := c.MustRunAt(c.Endpoint(), "ls", "/m/", "--depth", fmt.Sprint(depth))
				if want := strings.Join(entriesAt(keys, depth), "\n") + "\n"; got != want {
					t.Errorf("ls --depth %d has %d lines, want %d", depth, strings.Count(got, "\n"), strings.Count(want, "\n"))
				}
			}
			bytes := 0
			for _, key := range keys {
				bytes += len(key) + len("v")
			}
			if got, want := c.MustRunAt(c.Endpoint(), "du", "/m/", "-w", "csv"), fmt.Sprintf("\n/m/,20000,%d,", bytes); !strings.Contains(got, want) {
				t.Errorf("du is %.200q, want a line %q", got, want)
			}
		})
	}
}

// entriesAt are the entries that keys below /m/ have at a depth.
func entriesAt(keys []string, depth int) []string {
	var entries []string
	for _, key := range keys {
		parts := strings.SplitAfterN(strings.TrimPrefix(key, "/m/"), "/", depth+1)
		entries = append(entries, "/m/"+strings.Join(parts[:min(depth, len(parts))], ""))
	}
	slices.Sort(entries)
	return slices.Compact(entries)
}
