package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// putAll writes keys with the value v.
func putAll(t *testing.T, client *clientv3.Client, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if _, err := client.Put(t.Context(), key, "v"); err != nil {
			t.Fatal(err)
		}
	}
}

// With --prune the destination has below its prefix what the source has, and
// nothing else; what stands beside the prefix stays.
func TestAMirrorPrunesBelowItsPrefixOnly(t *testing.T) {
	t.Parallel()
	source := harness.NewCluster(t, etcdserver.Options{Flags: []string{"--max-txn-ops", "1000"}})
	client := source.MustClient()
	happen(t, client)
	for _, test := range []struct {
		args     []string
		from, to string
	}{
		{nil, "", ""},
		{[]string{"--prefix", "a/"}, "a/", "a/"},
		{[]string{"--prefix", "a/", "--dest-prefix", "m/", "--max-txn-ops", "3"}, "a/", "m/"},
		{[]string{"--prefix", "a/", "--no-dest-prefix"}, "a/", ""},
		{[]string{"--prefix", "b/", "--dest-prefix", "\xff"}, "b/", "\xff"},
	} {
		dest := harness.NewCluster(t, etcdserver.Options{})
		there := dest.MustClient()
		putAll(t, there, "0", "a", "a/", "a/0", "a/000", "a/029x", "a/\xff", "a/\xff\xff", "a0", "b/", "b/005", "l/z", "m", "m/", "m/000", "m/\xff\x00\x00", "m0", "z", "\xff", "\xff\x00", "\xff005", "\xff\xff")
		for start := 0; start < 500; start += 100 { // more than one block
			var ops []clientv3.Op
			for i := start; i < start+100; i++ {
				ops = append(ops, clientv3.OpPut(fmt.Sprintf("%sold/%03d", test.to, i), "v"))
			}
			if _, err := there.Txn(t.Context()).Then(ops...).Commit(); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]string{}
		for key, value := range mustKeysUnder(t, there, "") {
			if !strings.HasPrefix(key, test.to) {
				want[key] = value
			}
		}
		maps.Copy(want, expected(mustKeysUnder(t, client, ""), test.from, test.to))
		r := source.RunAt(source.Endpoint(), append([]string{"make-mirror", dest.Endpoint(), "--once", "--prune", "--yes"}, test.args...)...)
		if r.Status != "0" || !strings.Contains(r.Stderr, "Keys deleted at the destination that the source does not have: ") {
			t.Errorf("%q: status %s, %s", test.args, r.Status, r.Stderr)
		}
		if got := mustKeysUnder(t, there, ""); !cmp.Equal(want, got) {
			t.Errorf("%q: the destination differs:\n%s", test.args, head(cmp.Diff(want, got)))
		}
	}
}

// A mirror with --prune whose history was compacted copies everything again,
// and deletes what was deleted in the compacted part.
func TestAMirrorThatPrunesOutlastsACompaction(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	client := source.MustClient()
	fillKeys(t, client, 1000, "v")
	prune := []string{"make-mirror", dest.Endpoint(), "--checkpoint", "state", "--prune", "--yes", "--once"}
	source.MustRunAt(source.Endpoint(), prune...)
	// compacted deletes keys, and then the memory of it.
	compacted := func(prefix string) {
		t.Helper()
		if _, err := client.Delete(t.Context(), prefix, clientv3.WithPrefix()); err != nil {
			t.Fatal(err)
		}
		response, err := client.Put(t.Context(), "k/last", prefix)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Compact(t.Context(), response.Header.GetRevision()); err != nil {
			t.Fatal(err)
		}
	}
	compacted("k/001")
	r := source.RunAt(source.Endpoint(), prune...)
	if r.Status != "0" || !strings.Contains(r.Stderr, "Warning: etcdserver: mvcc: required revision has been compacted: the mirror was to continue at revision ") ||
		!strings.Contains(r.Stderr, "\nKeys deleted at the destination that the source does not have: 100\n") {
		t.Errorf("after a compaction: status %s, %s", r.Status, r.Stderr)
	}
	if want, got := mustKeysUnder(t, client, ""), mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(want, got) {
		t.Errorf("after a compaction the destination differs:\n%s", head(cmp.Diff(want, got)))
	}

	// The same in the middle of a copy, whose revision is gone.
	copying := strings.Replace(harness.MustRead(t, filepath.Join(source.Home, "state")), `"revision"`, `"next_key": "k/00500", "prune": true, "base_revision"`, 1)
	if err := os.WriteFile(filepath.Join(source.Home, "state"), []byte(copying), 0o600); err != nil {
		t.Fatal(err)
	}
	compacted("k/002")
	// Without --prune keys before the middle would stay.
	if r := source.RunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--checkpoint", "state", "--once"); r.Status != "128" || !strings.Contains(r.Stderr, "give --prune again") {
		t.Errorf("a copy that is finished without --prune: status %s, %s", r.Status, r.Stderr)
	}
	// While it follows, too.
	mirror := mirrorTo(t, source, dest.Endpoint(), prune[2:len(prune)-1]...)
	becomes(t, dest.MustClient(), "", mustKeysUnder(t, client, ""), mirror.MustRun)
	putAll(t, client, "k/more")
	becomes(t, dest.MustClient(), "", mustKeysUnder(t, client, ""), mirror.MustRun)
}

// Killed at any moment while it deletes and copies, it does the rest when it is
// started again.
func TestAMirrorThatPrunesAndIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	client, there := source.MustClient(), dest.MustClient()
	fillKeys(t, there, 6000, "old")
	fillKeys(t, client, 6000, "new")
	for i := range 60 {
		if _, err := client.Delete(t.Context(), fmt.Sprintf("k/%03d", rand.IntN(60)), clientv3.WithPrefix()); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			putAll(t, client, fmt.Sprintf("k/%05d/child", rand.IntN(6000)))
		}
	}
	prune := []string{"--checkpoint", "state", "--prune", "--yes"}
	stop := make(chan struct{})
	writing := churn(t.Context(), client, 6000, stop)
	middle := 0
	for range 8 {
		mirror := mirrorTo(t, source, dest.Endpoint(), append([]string{"--max-txn-ops", "1"}, prune...)...)
		time.Sleep(20*time.Millisecond + rand.N(150*time.Millisecond))
		mirror.MustRun()
		mirror.Kill()
		if state, err := os.ReadFile(filepath.Join(source.Home, "state")); err == nil && strings.Contains(string(state), `"base_revision"`) {
			middle++
		}
	}
	close(stop)
	<-writing
	t.Logf("%d of 8 were killed in the middle of the copy", middle)
	source.MustRunAt(source.Endpoint(), append([]string{"make-mirror", dest.Endpoint(), "--once"}, prune...)...)
	if want, got := mustKeysUnder(t, client, ""), mustKeysUnder(t, there, ""); !cmp.Equal(want, got) {
		t.Errorf("the destination differs:\n%s", head(cmp.Diff(want, got)))
	}
}

// What would delete a cluster by a slip of the hand is refused, and nothing was
// changed.
func TestAMirrorThatMustNotPrune(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	putAll(t, source.MustClient(), "a/b/1", "a/b/2", "a/c")
	putAll(t, dest.MustClient(), "d/1", "d/2")
	here, there := mustKeysUnder(t, source.MustClient(), ""), mustKeysUnder(t, dest.MustClient(), "")
	// The same member under another name.
	itself := harness.NewTCPProxy(t, source.Endpoint()).URL
	for _, test := range []struct {
		args   []string
		status string
		says   string
	}{
		{[]string{dest.Endpoint(), "--prune", "--once", "--prefix", "d/", "--yes"}, "1", `the source has no keys that start with "d/", and --prune would delete all those that the destination has that start with "d/"`},
		{[]string{dest.Endpoint(), "--prune", "--once"}, "128", "give --yes"},
		{[]string{dest.Endpoint(), "--prune", "--yes", "--rev", "2"}, "128", "--rev"},
		{[]string{itself}, "128", "the same cluster, and the copies would be copied again"},
		{[]string{itself, "--prefix", "a/"}, "128", "the same cluster, and the copies would be copied again"},
		{[]string{itself, "--prune", "--yes", "--once", "--prefix", "a/b/", "--dest-prefix", "a/"}, "128", "the same cluster, and --prune would delete the keys to copy"},
		{[]string{itself, "--prune", "--yes", "--once", "--prefix", "a/", "--no-dest-prefix"}, "128", "the same cluster, and --prune would delete the keys to copy"},
	} {
		r := source.RunAt(source.Endpoint(), append([]string{"make-mirror", "--command-timeout", "5s"}, test.args...)...)
		if r.Status != test.status || !strings.Contains(r.Stderr, test.says) {
			t.Errorf("%q: status %s, %q, want %s and %q", test.args, r.Status, r.Stderr, test.status, test.says)
		}
	}
	if got := mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(there, got) {
		t.Errorf("the destination was changed:\n%s", cmp.Diff(there, got))
	}
	if got := mustKeysUnder(t, source.MustClient(), ""); !cmp.Equal(here, got) {
		t.Errorf("the source was changed:\n%s", cmp.Diff(here, got))
	}
	if leases, err := source.MustClient().Leases(t.Context()); err != nil || len(leases.Leases) > 0 {
		t.Errorf("leases are left: %v, %v", leases, err)
	}
	// Within one cluster, but beside each other, all is well.
	source.MustRunAt(source.Endpoint(), "make-mirror", itself, "--prune", "--yes", "--once", "--prefix", "a/b/", "--dest-prefix", "z/")
	maps.Copy(here, expected(here, "a/b/", "z/"))
	if got := mustKeysUnder(t, source.MustClient(), ""); !cmp.Equal(here, got) {
		t.Errorf("beside each other:\n%s", cmp.Diff(here, got))
	}
}
