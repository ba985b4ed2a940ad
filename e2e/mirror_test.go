package e2e

import (
	"context"
	"fmt"
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

// mirrorTo starts ours, which mirrors the cluster to another.
func mirrorTo(t *testing.T, c *harness.Cluster, to string, args ...string) *harness.Process {
	t.Helper()
	return harness.StartIn(t, harness.Ectl(), c.Home,
		[]string{"ETCDCTL_ENDPOINTS=" + c.Endpoint()}, append([]string{"make-mirror", to}, args...)...)
}

// keysUnder are the keys with a prefix and their values; a key with a lease
// says so.
func keysUnder(ctx context.Context, client *clientv3.Client, prefix string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	keys := map[string]string{}
	response, err := client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	for _, kv := range response.Kvs {
		keys[string(kv.Key)] = string(kv.Value)
		if kv.Lease != 0 {
			keys[string(kv.Key)] += " with a lease"
		}
	}
	return keys, nil
}

// mustKeysUnder tries for as long as a disk may take. A server answers a write before
// its database is written, and reads wait for that: if the disk stalls, the first read
// of a new client gets no answer although all writes before it had one.
func mustKeysUnder(t *testing.T, client *clientv3.Client, prefix string) map[string]string {
	t.Helper()
	for deadline := time.Now().Add(harness.HangTimeout); ; {
		keys, err := keysUnder(t.Context(), client, prefix)
		if err == nil {
			return keys
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// becomes waits until the keys with a prefix are these.
func becomes(t *testing.T, client *clientv3.Client, prefix string, want map[string]string, check func()) {
	t.Helper()
	for deadline := time.Now().Add(harness.HangTimeout); ; time.Sleep(20 * time.Millisecond) {
		got := mustKeysUnder(t, client, prefix)
		if cmp.Equal(want, got) {
			return
		}
		check()
		if time.Now().After(deadline) {
			t.Fatalf("of %d keys wanted, the destination has %d:\n%s", len(want), len(got), head(cmp.Diff(want, got)))
		}
	}
}

// head is as much of a text as a person reads.
func head(text string) string { return text[:min(len(text), 2000)] }

// happen makes all kinds of changes.
func happen(t *testing.T, client *clientv3.Client) {
	t.Helper()
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		must(client.Put(ctx, fmt.Sprintf("a/%03d", i), fmt.Sprint(i)))
		must(client.Put(ctx, fmt.Sprintf("b/%03d", i), fmt.Sprint(i)))
	}
	must(client.Put(ctx, "a/\xff\x00", "\xfe\n"))
	must(client.Put(ctx, "a/empty", ""))
	must(client.Put(ctx, "a/a/twice", "the prefix twice"))
	must(client.Delete(ctx, "a/003"))
	must(client.Delete(ctx, "a/01", clientv3.WithPrefix()))
	for i := range 3 {
		must(client.Put(ctx, "a/000", fmt.Sprint("again ", i)))
	}
	lease, err := client.Grant(ctx, 600)
	must(nil, err)
	must(client.Put(ctx, "a/leased", "stays", clientv3.WithLease(lease.ID)))
	gone, err := client.Grant(ctx, 600)
	must(nil, err)
	must(client.Put(ctx, "a/gone", "goes", clientv3.WithLease(gone.ID)))
	must(client.Revoke(ctx, gone.ID))
	var many []clientv3.Op
	for i := range 300 { // more than the destination takes in one transaction
		many = append(many, clientv3.OpPut(fmt.Sprintf("a/many/%d", i), strings.Repeat("v", i)))
	}
	must(client.Txn(ctx).Then(many...).Commit())
	must(client.Put(ctx, "a/large", strings.Repeat("large ", 200_000)))
	must(client.Txn(ctx).Then(clientv3.OpDelete("a/many/", clientv3.WithRange("a/many/2")), clientv3.OpPut("a/last", "last")).Commit())
}

// expected is what a mirror is to hold.
func expected(source map[string]string, from, to string) map[string]string {
	want := map[string]string{}
	for key, value := range source {
		if rest, ok := strings.CutPrefix(key, from); ok {
			want[to+rest] = strings.TrimSuffix(value, " with a lease")
		}
	}
	return want
}

// What is at the source before and what happens there later is at the
// destination, under the names that the reference gives it.
func TestAMirrorHoldsWhatTheReferencesHolds(t *testing.T) {
	for _, test := range []struct {
		args     []string
		from, to string
		differs  bool // the reference holds something else
	}{
		{nil, "", "", false},
		{[]string{"--prefix", "a/", "--max-txn-ops", "1"}, "a/", "a/", false},
		{[]string{"--prefix", "a/", "--dest-prefix", "z/", "--max-txn-ops", "50"}, "a/", "z/", false},
		{[]string{"--prefix", "a/", "--no-dest-prefix"}, "a/", "", false},
		{[]string{"--dest-prefix", "z/"}, "", "z/", false},
		{[]string{"--no-dest-prefix", "--rev", "2"}, "", "", false},
		{[]string{"--prefix", "a/", "--rev", "2"}, "a/", "a/", true},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			source := harness.NewCluster(t, etcdserver.Options{Flags: []string{"--max-txn-ops", "1000"}})
			ours, theirs := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
			client := source.MustClient()
			happen(t, client)
			args := append([]string{"make-mirror"}, test.args...)
			mirror := mirrorTo(t, source, ours.Endpoint(), test.args...)
			reference := harness.StartIn(t, harness.Etcdctl(), source.Home,
				[]string{"ETCDCTL_ENDPOINTS=" + source.Endpoint()}, append(args, theirs.Endpoint())...)
			want := expected(mustKeysUnder(t, client, ""), test.from, test.to)
			becomes(t, ours.MustClient(), "", want, mirror.MustRun)

			happen(t, client)
			want = expected(mustKeysUnder(t, client, ""), test.from, test.to)
			becomes(t, ours.MustClient(), "", want, mirror.MustRun)
			if test.differs {
				want = expected(mustKeysUnder(t, client, ""), test.from, "")
			}
			becomes(t, theirs.MustClient(), "", want, reference.MustRun)
			if os.Getenv("ECTL_SOAK") == "" {
				return
			}
			// Both count what they have done, every half minute.
			time.Sleep(62 * time.Second)
			if ours, theirs := mirror.Stdout.String(), reference.Stdout.String(); ours != theirs || strings.Count(ours, "\n") < 2 {
				t.Errorf("ours counts %q, the reference %q", ours, theirs)
			}
		})
	}
}

// A mirror works from and to every version of etcd.
func TestMirrorsOfEveryVersion(t *testing.T) {
	for _, version := range etcdserver.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			source := harness.NewCluster(t, etcdserver.Options{Version: version, Flags: []string{"--max-txn-ops", "1000"}})
			dest := harness.NewCluster(t, etcdserver.Options{Version: version})
			client := source.MustClient()
			happen(t, client)
			mirror := mirrorTo(t, source, dest.Endpoint(), "--checkpoint", "state")
			becomes(t, dest.MustClient(), "", expected(mustKeysUnder(t, client, ""), "", ""), mirror.MustRun)
			happen(t, client)
			want := expected(mustKeysUnder(t, client, ""), "", "")
			becomes(t, dest.MustClient(), "", want, mirror.MustRun)
			mirror.Kill()

			if _, err := client.Delete(t.Context(), "a/000"); err != nil {
				t.Fatal(err)
			}
			delete(want, "a/000")
			once := source.RunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--checkpoint", "state", "--once")
			if version == "3.4.23" {
				if once.Status != "1" || !strings.Contains(once.Stderr, "before etcd 3.4.25") {
					t.Errorf("--once of a server that does not tell: status %s, %s", once.Status, once.Stderr)
				}
				mirror = mirrorTo(t, source, dest.Endpoint(), "--checkpoint", "state")
				becomes(t, dest.MustClient(), "", want, mirror.MustRun)
				return
			}
			if once.Status != "0" {
				t.Fatalf("--once: status %s, %s", once.Status, once.Stderr)
			}
			if got := mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(want, got) {
				t.Errorf("after --once the destination differs:\n%s", head(cmp.Diff(want, got)))
			}
		})
	}
}

// churn writes and deletes keys under k/ until stop is closed, so that the same
// key is soon there, soon not.
func churn(ctx context.Context, client *clientv3.Client, keys int, stop <-chan struct{}) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-ctx.Done():
				return
			default:
			}
			key := fmt.Sprintf("k/%05d", rand.IntN(keys))
			timed, cancel := context.WithTimeout(ctx, time.Second)
			switch rand.IntN(8) {
			case 0, 1:
				_, _ = client.Delete(timed, key)
			case 2:
				_, _ = client.Delete(timed, key[:5], clientv3.WithPrefix())
			case 3:
				_, _ = client.Txn(timed).Then(clientv3.OpDelete(key), clientv3.OpPut(key+"/child", fmt.Sprint(i))).Commit()
			default:
				_, _ = client.Put(timed, key, fmt.Sprint(i))
			}
			cancel()
		}
	}()
	return done
}

// fillKeys writes n keys under k/.
func fillKeys(t *testing.T, client *clientv3.Client, n int, value string) {
	t.Helper()
	for start := 0; start < n; start += 100 {
		var ops []clientv3.Op
		for i := start; i < min(start+100, n); i++ {
			ops = append(ops, clientv3.OpPut(fmt.Sprintf("k/%05d", i), value))
		}
		if _, err := client.Txn(t.Context()).Then(ops...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

// A mirror with a checkpoint that is killed at any moment, again and again,
// while keys are written and deleted, has in the end what the source has: what
// was deleted while it was dead, too.
func TestAMirrorThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	client := source.MustClient()
	fillKeys(t, client, 20_000, strings.Repeat("v", 100))
	stop := make(chan struct{})
	writing := churn(t.Context(), client, 20_000, stop)
	base := 0
	for i := range 20 {
		args := []string{"--checkpoint", "state"}
		if i < 10 {
			args = append(args, "--max-txn-ops", "1") // the copy takes longer
		}
		mirror := mirrorTo(t, source, dest.Endpoint(), args...)
		longest := 300 * time.Millisecond
		if i >= 10 {
			longest = 1200 * time.Millisecond
		}
		time.Sleep(rand.N(longest))
		mirror.MustRun()
		mirror.Kill()
		if state, err := os.ReadFile(filepath.Join(source.Home, "state")); err == nil && strings.Contains(string(state), `"base_revision"`) {
			base++
		}
		time.Sleep(rand.N(50 * time.Millisecond))
	}
	close(stop)
	<-writing
	t.Logf("%d of 20 were killed while the keys were copied", base)
	source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--checkpoint", "state", "--once")
	want, got := mustKeysUnder(t, client, ""), mustKeysUnder(t, dest.MustClient(), "")
	if !cmp.Equal(want, got) {
		t.Errorf("the destination differs:\n%s", head(cmp.Diff(want, got)))
	}
	if leftovers, _ := filepath.Glob(filepath.Join(source.Home, "state.*")); len(leftovers) > 20 {
		t.Errorf("%d temporary files are left of 20 that were killed", len(leftovers))
	}
}

// What a checkpoint stands for may have been compacted. Both revisions are said.
func TestAMirrorOfWhatIsCompactedSaysBothRevisions(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	client := source.MustClient()
	fillKeys(t, client, 300, "v")
	source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--checkpoint", "state", "--once")
	for range 10 {
		fillKeys(t, client, 100, "w")
	}
	if _, err := client.Compact(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	copying := fmt.Sprintf(`{"version":1,%s"base_revision":3,"next_key":"k/00200"}`, identityOf(t, filepath.Join(source.Home, "state")))
	if err := os.WriteFile(filepath.Join(source.Home, "copying"), []byte(copying), 0o600); err != nil {
		t.Fatal(err)
	}
	before := mustKeysUnder(t, dest.MustClient(), "")
	for checkpoint, revision := range map[string]string{"state": "5", "copying": "3"} {
		r := source.RunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--checkpoint", checkpoint)
		for _, part := range []string{"Error: etcdserver: mvcc: required revision has been compacted: ", "at revision " + revision, "10 is the oldest", "; with --prune everything is copied again"} {
			if r.Status != "1" || !strings.Contains(r.Stderr, part) {
				t.Errorf("%s: status %s, %q, want %q", checkpoint, r.Status, r.Stderr, part)
			}
		}
	}
	if after := mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(before, after) {
		t.Error("the destination was changed")
	}
}

// identityOf is the part of a checkpoint that says whose it is.
func identityOf(t *testing.T, file string) string {
	t.Helper()
	state := harness.MustRead(t, file)
	from, to := strings.Index(state, `"source_cluster"`), strings.Index(state, `"revision"`)
	if from < 0 || to < from {
		t.Fatalf("the checkpoint is %s", state)
	}
	return state[from:to]
}

// A destination that takes less in one request gets less at once, and what is
// too large by itself is named.
func TestAMirrorFitsTheDestinationsLimits(t *testing.T) {
	t.Parallel()
	source := harness.NewCluster(t, etcdserver.Options{})
	dest := harness.NewCluster(t, etcdserver.Options{Flags: []string{"--max-request-bytes", "40000", "--max-txn-ops", "10"}})
	client := source.MustClient()
	fillKeys(t, client, 300, strings.Repeat("v", 1000))
	if _, err := client.Put(t.Context(), "k/large", strings.Repeat("v", 39000)); err != nil {
		t.Fatal(err)
	}
	if said := source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--once"); said != "301\n" {
		t.Errorf("it says %q, want 301 keys", said)
	}
	want := mustKeysUnder(t, client, "")
	if got := mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(want, got) {
		t.Errorf("the destination differs:\n%s", head(cmp.Diff(want, got)))
	}
	if _, err := client.Put(t.Context(), "k/larger", strings.Repeat("v", 600_000)); err != nil {
		t.Fatal(err)
	}
	// The server lets requests be larger than it says by half a megabyte before
	// it hangs up, and refuses them.
	r := source.RunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--once")
	if r.Status != "1" || !strings.HasPrefix(r.Stderr, "Error: ") || !strings.Contains(r.Stderr, "k/larger") || !strings.Contains(r.Stderr, "600008 bytes") {
		t.Errorf("a key that is too large: status %s, %q", r.Status, r.Stderr)
	}
}

// Who may write to the destination needs not to be allowed to read there, as
// with the reference; and who may not watch is told so.
func TestAMirrorOfUsersWhoMayNotDoAll(t *testing.T) {
	t.Parallel()
	source := harness.NewCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	dest := harness.NewCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	for _, c := range []*harness.Cluster{source, dest} {
		for _, line := range []string{
			"role add part", "role grant-permission part write b/ --prefix",
			"user add bob:bobpw", "user grant-role bob part", "put a/1 one", "put a/2 two",
		} {
			c.MustRunAt(c.Endpoint(), append(strings.Fields(line), "--user", "root:"+harness.RootPassword)...)
		}
	}
	if err := os.WriteFile(filepath.Join(source.Home, "pw"), []byte("bobpw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--once", "--prefix", "a/", "--dest-prefix", "b/",
		"--user", "root:"+harness.RootPassword, "--dest-user", "bob", "--dest-password-file", "pw")
	client, err := dest.Client("root", harness.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if got := mustKeysUnder(t, client, "b/"); !cmp.Equal(got, map[string]string{"b/1": "one", "b/2": "two"}) {
		t.Errorf("the destination has %v", got)
	}
	r := source.RunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--rev", "2", "--user", "bob:bobpw", "--dest-user", "bob:bobpw")
	if r.Status != "1" || !strings.HasPrefix(r.Stderr, "Error: etcdserver: permission denied") {
		t.Errorf("who may not watch is told %q, status %s", r.Stderr, r.Status)
	}
}
