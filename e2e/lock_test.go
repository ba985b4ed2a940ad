package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// queue is what tests of locks and elections share.
type queue struct {
	t      *testing.T
	server *etcdserver.Server
	client *clientv3.Client
	env    []string
}

func newQueue(t *testing.T, o etcdserver.Options) *queue {
	t.Helper()
	server := harness.StartServer(t, o)
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return &queue{t, server, client, harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())}
}

// keys are those below a name, the oldest first.
func (q *queue) keys(name string) []string {
	q.t.Helper()
	response, err := q.client.Get(q.t.Context(), name+"/", clientv3.WithPrefix(), clientv3.WithSort(clientv3.SortByCreateRevision, clientv3.SortAscend))
	if err != nil {
		q.t.Fatal(err)
	}
	var keys []string
	for _, kv := range response.Kvs {
		keys = append(keys, string(kv.Key))
	}
	return keys
}

// queued waits until so many queue for a name, and returns the last.
func (q *queue) queued(name string, n int) string {
	q.t.Helper()
	harness.WaitUntil(q.t, fmt.Sprintf("%d keys below %s", n, name), func() bool { return len(q.keys(name)) == n })
	return q.keys(name)[n-1]
}

// watched waits until a client watches the server, or until none does.
func (q *queue) watched(want bool) {
	q.t.Helper()
	harness.WaitUntil(q.t, fmt.Sprintf("a watch: %t", want), func() bool {
		request, err := http.NewRequestWithContext(q.t.Context(), http.MethodGet, q.server.Endpoint()+"/metrics", http.NoBody)
		if err != nil {
			q.t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		metrics, err := io.ReadAll(response.Body)
		return err == nil && want != strings.Contains(string(metrics), "\netcd_debugging_mvcc_watcher_total 0\n")
	})
}

// revoke revokes the lease of a key, after which the key is named.
func (q *queue) revoke(key string) error {
	var id int64
	if _, err := fmt.Sscanf(filepath.Base(key), "%x", &id); err != nil {
		return err
	}
	_, err := q.client.Revoke(q.t.Context(), clientv3.LeaseID(id))
	return err
}

func (q *queue) ours(args ...string) *harness.Process {
	return harness.Start(q.t, harness.Ectl(), q.env, args...)
}

// Both programs take turns with a lock, in the order in which they came.
func TestBothProgramsHoldALockInTurn(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	file := filepath.Join(t.TempDir(), "turns")
	first := q.ours("lock", "name")
	q.queued("name", 1)
	var all []*harness.Process
	var want []string
	for i := range 8 {
		program := harness.Ectl()
		if i%2 == 1 {
			program = harness.Etcdctl()
		}
		// Two that hold it at the same time would mix their lines.
		all = append(all, harness.Start(t, program, q.env, "lock", "name", "--", "sh", "-c", fmt.Sprintf("echo %d begins >>%s; sleep 0.05; echo %d ends >>%s", i, file, i, file)))
		want = append(want, fmt.Sprintf("%d begins", i), fmt.Sprintf("%d ends", i))
		q.queued("name", i+2)
	}
	first.Signal(syscall.SIGTERM).WantEnd("status 0")
	for _, r := range all {
		r.WantEnd("status 0")
	}
	if got := harness.MustRead(t, file); got != strings.Join(want, "\n")+"\n" {
		t.Errorf("the turns were\n%s", got)
	}
	if keys := q.keys("name"); len(keys) > 0 {
		t.Errorf("%v are left", keys)
	}
}

func TestWaitingForALockCanBeInterrupted(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	if _, err := q.client.Put(t.Context(), "name/taken", ""); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		for _, args := range [][]string{{"lock", "name"}, {"lock", "name", "--", "echo", "ran"}, {"elect", "name", "proposal"}} {
			harness.Retry(t, func() string {
				reference, ours := harness.BothPrograms(t, func(t *testing.T, program string) string {
					t.Helper()
					r := harness.Start(t, program, q.env, args...)
					q.queued("name", 2)
					q.watched(true) // until then, the reference leaves its key behind
					r.Signal(sig)
					end := r.End()
					if r.Stdout.String() != "" {
						t.Errorf("%v prints %q", args, r.Stdout)
					}
					q.queued("name", 1)
					q.watched(false)
					return end
				})
				if reference != ours {
					return fmt.Sprintf("%v after %s: ours ends with %s, the reference with %s", args, sig, ours, reference)
				}
				return ""
			})
		}
	}
}

// A lost place in the queue is taken again; one that was deleted is not.
func TestALostPlaceInTheQueueIsTakenAgain(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	holder := q.ours("lock", "name")
	q.queued("name", 1)
	r := q.ours("lock", "name", "--ttl", "2", "--", "echo", "my turn")
	key := q.queued("name", 2)
	// The server loses the lease while it is not looked at: only the answer to
	// the next renewal tells.
	if err := r.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := q.revoke(key); err != nil {
		t.Fatal(err)
	}
	q.queued("name", 1)
	if err := r.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if again := q.queued("name", 2); again == key {
		t.Error("the key is the one that was lost")
	}
	holder.Signal(syscall.SIGINT).WantEnd("status 0")
	if r.WantEnd("status 0"); r.Stdout.String() != "my turn\n" {
		t.Errorf("stdout %q", r.Stdout)
	}
}

// It is lost at the moment in which it would have won, or before there is one.
func TestAPlaceThatIsLostAtItsTurnIsTakenAgain(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	for range 8 {
		if _, err := q.client.Put(t.Context(), "name/taken", ""); err != nil {
			t.Fatal(err)
		}
		r := q.ours("lock", "name", "--", "echo", "my turn")
		key := q.queued("name", 2)
		if err := r.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if err := q.revoke(key); err != nil {
			t.Fatal(err)
		}
		if _, err := q.client.Delete(t.Context(), "name/taken"); err != nil {
			t.Fatal(err)
		}
		if err := r.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if r.WantEnd("status 0").WantStderr("Warning: the place in the queue was lost: its lease has expired or was revoked; queueing again"); r.Stdout.String() != "my turn\n" {
			t.Fatalf("stdout %q", r.Stdout)
		}
	}
	// The lease has gone when the key is to be made.
	proxy, first := harness.NewRPCProxy(t, q.server.Endpoint()), true
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if strings.HasSuffix(rpc.FullMethod, "/Txn") && first {
			first = false
			leases, err := q.client.Leases(ctx)
			if err != nil {
				return err
			}
			if _, err := q.client.Revoke(ctx, leases.Leases[0].ID); err != nil {
				return err
			}
		}
		return rpc.Forward(ctx)
	}
	r := harness.Start(t, harness.Ectl(), append(slices.Clone(q.env), "ETCDCTL_ENDPOINTS="+proxy.Address), "lock", "name", "--", "echo", "my turn")
	if r.WantEnd("status 0").WantStderr("queueing again"); r.Stdout.String() != "my turn\n" {
		t.Fatalf("stdout %q", r.Stdout)
	}
}

// However long a cluster is away, who waited before waits again, or stops when
// told so.
func TestWaitingForALockOutlivesTheCluster(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	if _, err := q.client.Put(t.Context(), "name/taken", ""); err != nil {
		t.Fatal(err)
	}
	waits := []string{"lock", "name", "--ttl", "2", "--command-timeout", "1s", "--", "echo", "my turn"}
	r, stopped := q.ours(waits...), q.ours(waits...)
	q.queued("name", 3)
	if err := q.server.Members[0].Pause(); err != nil {
		t.Fatal(err)
	}
	const says = "Warning: the place in the queue was lost: no member renewed its lease for 2s: no answer; queueing again\n"
	harness.WaitUntil(t, "both have lost their place", func() bool { return r.Stderr.String() == says && stopped.Stderr.String() == says })
	time.Sleep(1500 * time.Millisecond)
	stopped.Signal(syscall.SIGTERM).WantEnd("status 1").WantStderr("Error: interrupted while waiting for the lock\n")
	if err := q.server.Members[0].Continue(); err != nil {
		t.Fatal(err)
	}
	if _, err := q.client.Delete(t.Context(), "name/taken"); err != nil {
		t.Fatal(err)
	}
	if r.WantEnd("status 0"); r.Stdout.String() != "my turn\n" {
		t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
	}
}
