package e2e

import (
	"fmt"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// opposite are two clusters with a mirror in each direction.
type opposite struct {
	t       *testing.T
	a, b    *clientv3.Client
	mirrors [2]*harness.Process
	passed  int
}

func (o *opposite) check() {
	for _, m := range o.mirrors {
		m.MustRun()
	}
}

// pass puts a key on one side and waits until the other side has it. Then the mirror has
// also dealt with every earlier change of this side.
func (o *opposite) pass(from, to *clientv3.Client) {
	o.t.Helper()
	o.passed++
	key, value := fmt.Sprintf("pass/%d/", o.passed), fmt.Sprint(o.passed)
	if _, err := from.Put(o.t.Context(), key, value); err != nil {
		o.t.Fatal(err)
	}
	becomes(o.t, to, key, map[string]string{key: value}, o.check)
}

// mustRest fails the test unless both clusters change only by what is put there now, and
// by its one copy.
func (o *opposite) mustRest(after string) {
	o.t.Helper()
	for range 2 { // copies of copies would still be under way
		o.pass(o.a, o.b)
		o.pass(o.b, o.a)
	}
	revisionA, revisionB := currentRevisionOf(o.t, o.a), currentRevisionOf(o.t, o.b)
	const rounds = 3
	for range rounds {
		o.pass(o.a, o.b)
		o.pass(o.b, o.a)
	}
	for name, moved := range map[string]int64{"a": currentRevisionOf(o.t, o.a) - revisionA, "b": currentRevisionOf(o.t, o.b) - revisionB} {
		if moved != 2*rounds {
			o.t.Errorf("after %s the revision of %s moves by %d, want %d", after, name, moved, 2*rounds)
		}
	}
}

func currentRevisionOf(t *testing.T, client *clientv3.Client) int64 {
	t.Helper()
	response, err := client.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	return response.Header.GetRevision()
}

// Each of two mirrors in opposite directions sees the writes of the other, and writes only
// what differs. So both clusters come to rest, and hold the same.
func TestMirrorsInOppositeDirectionsComeToRest(t *testing.T) {
	t.Parallel()
	for _, version := range []string{etcdserver.Latest, "3.5.35"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			options := etcdserver.Options{Version: version, Flags: []string{"--max-txn-ops", "1000"}}
			a, b := harness.NewCluster(t, options), harness.NewCluster(t, options)
			o := &opposite{t: t, a: a.MustClient(), b: b.MustClient()}
			fillKeys(t, o.a, 400, "of both")
			fillKeys(t, o.b, 300, "of both")
			must := func(_ any, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(o.b.Put(t.Context(), "b/own", "of b"))
			o.mirrors = [2]*harness.Process{mirrorTo(t, a, b.Endpoint()), mirrorTo(t, b, a.Endpoint())}
			same := func() {
				t.Helper()
				becomes(t, o.b, "", expected(mustKeysUnder(t, o.a, ""), "", ""), o.check)
			}
			becomes(t, o.a, "b/", map[string]string{"b/own": "of b"}, o.check)
			same()
			o.mustRest("the first copy")

			must(o.a.Put(t.Context(), "one", "key"))
			becomes(t, o.b, "one", map[string]string{"one": "key"}, o.check)
			o.mustRest("one key")

			many := func(client *clientv3.Client, name string) {
				t.Helper()
				var ops []clientv3.Op
				for i := range 300 { // more than a mirror writes in one transaction
					ops = append(ops, clientv3.OpPut(fmt.Sprintf("many/%s/%d", name, i), strings.Repeat("v", i)))
				}
				must(client.Txn(t.Context()).Then(ops...).Commit())
				must(client.Put(t.Context(), "many/"+name+"/\xff\x00", "\xfe\n"))
				must(client.Put(t.Context(), "many/"+name+"/empty", ""))
				must(client.Put(t.Context(), "many/"+name+"/large", strings.Repeat("large ", 200_000)))
			}
			many(o.a, "a")
			many(o.b, "b")
			fillKeys(t, o.a, 400, "other values")
			o.pass(o.a, o.b)
			o.pass(o.b, o.a)
			o.mustRest("many keys")
			same()

			must(o.a.Delete(t.Context(), "k/", clientv3.WithPrefix()))
			must(o.b.Delete(t.Context(), "many/", clientv3.WithPrefix()))
			becomes(t, o.b, "k/", map[string]string{}, o.check)
			becomes(t, o.a, "many/", map[string]string{}, o.check)
			o.mustRest("deletions")
			same()

			// The other direction must not take the lease away.
			lease, err := o.a.Grant(t.Context(), 600)
			must(nil, err)
			must(o.a.Put(t.Context(), "leased", "v", clientv3.WithLease(lease.ID)))
			becomes(t, o.b, "leased", map[string]string{"leased": "v"}, o.check)
			o.mustRest("a key with a lease")
			if got := mustKeysUnder(t, o.a, "leased"); got["leased"] != "v with a lease" {
				t.Errorf("the key with a lease is now %q", got)
			}
		})
	}
}

// A mirror writes only what the destination lacks, and counts every key of the source, as
// the reference does. The check and the write are one transaction.
func TestAMirrorWritesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"usual": nil, "few operations": {"--max-txn-ops", "2"}, "one operation": {"--max-txn-ops", "1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{Flags: flags})
			client, copied := source.MustClient(), dest.MustClient()
			fillKeys(t, client, 100, "value")
			mirror := func(counts string) int64 {
				t.Helper()
				before := currentRevisionOf(t, copied)
				if said := source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--once"); said != counts+"\n" {
					t.Errorf("it counts %q, want %s", said, counts)
				}
				becomes(t, copied, "k/", mustKeysUnder(t, client, "k/"), func() {})
				return currentRevisionOf(t, copied) - before
			}
			mirror("100")
			if moved := mirror("100"); moved != 0 && name != "one operation" {
				t.Errorf("the second mirror moves the revision by %d", moved)
			}
			if _, err := client.Put(t.Context(), "k/00042", "another"); err != nil {
				t.Fatal(err)
			}
			if moved := mirror("100"); moved != 1 && name != "one operation" {
				t.Errorf("with one key that differs, the mirror moves the revision by %d", moved)
			}
		})
	}
}

// Without permission to read the destination, everything is written, as the reference does.
func TestAMirrorThatMayNotReadWritesAll(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{RootPassword: harness.RootPassword})
	for _, line := range []string{"role add writer", "role grant-permission writer write k/ --prefix", "user add bob:pw", "user grant-role bob writer"} {
		dest.MustRunAt(dest.Endpoint(), append(strings.Fields(line), "--user", "root:"+harness.RootPassword)...)
	}
	client := source.MustClient()
	fillKeys(t, client, 30, "value")
	for range 2 {
		source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--once", "--dest-user", "bob:pw")
	}
	root, err := dest.Client("root", harness.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	response, err := root.Get(t.Context(), "k/00000")
	if err != nil || len(response.Kvs) != 1 || response.Kvs[0].Version != 2 {
		t.Errorf("the key is %v, %v", response, err)
	}
}
