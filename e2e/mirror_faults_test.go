package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// begins waits until a mirror has written a key: its start is bounded by the command's
// timeout, what follows is not.
func begins(t *testing.T, dest *clientv3.Client, mirror *harness.Process) {
	t.Helper()
	for deadline := time.Now().Add(harness.HangTimeout); len(mustKeysUnder(t, dest, "")) == 0; time.Sleep(20 * time.Millisecond) {
		mirror.MustRun()
		if time.Now().After(deadline) {
			t.Fatal("the mirror does not begin")
		}
	}
}

// Whatever happens to either cluster, a mirror goes on, and what is written and
// deleted meanwhile gets to the destination.
func TestAMirrorOutlastsFaults(t *testing.T) {
	type fault struct {
		name string
		way  func(t *testing.T, c *harness.Cluster) string // to the cluster, nil: straight
		do   func(ctx context.Context, t *testing.T, c *harness.Cluster)
	}
	var way sync.Map // of a cluster: its proxy
	faults := []fault{
		{"the leader is killed", nil, func(ctx context.Context, t *testing.T, c *harness.Cluster) {
			t.Helper()
			leader := leaderOf(ctx, t, c.Server)
			leader.Kill()
			time.Sleep(2 * time.Second)
			if err := leader.Restart(ctx); err != nil {
				t.Fatal(err)
			}
		}},
		{"a member is stopped and continued", nil, func(_ context.Context, t *testing.T, c *harness.Cluster) {
			t.Helper()
			if err := c.Members[1].Pause(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4 * time.Second)
			if err := c.Members[1].Continue(); err != nil {
				t.Fatal(err)
			}
		}},
		{"the connection is cut", func(t *testing.T, c *harness.Cluster) string {
			t.Helper()
			proxy := harness.NewTCPProxy(t, c.Endpoints()[0])
			way.Store(c, proxy)
			return proxy.URL
		}, func(_ context.Context, _ *testing.T, c *harness.Cluster) {
			for range 2 {
				proxy, _ := way.Load(c)
				accept := proxy.(*harness.TCPProxy).Refuse()
				time.Sleep(700 * time.Millisecond)
				accept()
				time.Sleep(700 * time.Millisecond)
			}
		}},
	}
	for _, side := range []string{"source", "destination"} {
		for _, f := range faults {
			t.Run(f.name+" at the "+side, func(t *testing.T) {
				t.Parallel()
				members := map[string]int{side: 3}
				source := harness.NewCluster(t, etcdserver.Options{Members: members["source"]})
				dest := harness.NewCluster(t, etcdserver.Options{Members: members["destination"]})
				struck, ends := dest, map[*harness.Cluster]string{source: source.Endpoint(), dest: dest.Endpoint()}
				if side == "source" {
					struck = source
				}
				if f.way != nil {
					ends[struck] = f.way(t, struck)
				}
				client := source.MustClient()
				fillKeys(t, client, 500, "before")
				mirror := harness.StartIn(t, harness.Ectl(), source.Home,
					[]string{"ETCDCTL_ENDPOINTS=" + ends[source]}, "make-mirror", ends[dest], "--checkpoint", "state", "--command-timeout", "1s")
				stop := make(chan struct{})
				writing := churn(t.Context(), client, 500, stop)
				there := dest.MustClient()
				begins(t, there, mirror)
				f.do(t.Context(), t, struck)
				before := revisionOf(t, client)
				harness.WaitUntil(t, "much is written after the fault", func() bool { return revisionOf(t, client) > before+50 })
				close(stop)
				<-writing
				becomes(t, there, "", mustKeysUnder(t, client, ""), mirror.MustRun)

				// It ends when it is told to, and has remembered how far it is.
				if err := mirror.Cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
				if end := mirror.End(); end != "signal interrupt" {
					t.Errorf("interrupted, it ends with %s: %s", end, mirror.Stderr.String())
				}
				if strings.Contains(mirror.Stderr.String(), "Error") {
					t.Errorf("it says %s", mirror.Stderr.String())
				}
				if _, err := client.Put(t.Context(), "k/last", "last"); err != nil {
					t.Fatal(err)
				}
				if said := source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--checkpoint", "state", "--once"); len(said) > len("99\n") {
					t.Errorf("started again it did %s changes, want but a few", said)
				}
			})
		}
	}
}

// revisionOf waits until the cluster returns its revision.
func revisionOf(t *testing.T, client *clientv3.Client) (revision int64) {
	t.Helper()
	harness.WaitUntil(t, "the cluster has a revision", func() bool {
		response, err := client.Get(t.Context(), "k", clientv3.WithCountOnly())
		if err == nil {
			revision = response.Header.Revision
		}
		return err == nil
	})
	return revision
}

// A request of which nothing was heard, as a member that is stopped keeps it,
// does nothing when it arrives after all: what was deleted meanwhile stays
// deleted.
func TestAMirrorsLostRequestsDoNothingLater(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	client, there := source.MustClient(), dest.MustClient()
	fillKeys(t, client, 10, "before")
	late := make(chan bool, 1)
	way := harness.NewFaultyProxy(t, dest.Endpoint(), func(method string, nth int) harness.Fault {
		if method != "Txn" {
			return harness.Passes
		}
		select {
		case <-late:
			return harness.Late
		default:
			return harness.Passes
		}
	})
	mirror := mirrorTo(t, source, way.URL(), "--command-timeout", "500ms")
	becomes(t, there, "", mustKeysUnder(t, client, ""), mirror.MustRun)
	late <- true // the next transaction
	for _, value := range []string{"late", "again"} {
		if _, err := client.Put(t.Context(), "k/late", value); err != nil {
			t.Fatal(err)
		}
		becomes(t, there, "", mustKeysUnder(t, client, ""), mirror.MustRun)
	}
	if _, err := client.Delete(t.Context(), "k/late"); err != nil {
		t.Fatal(err)
	}
	want := mustKeysUnder(t, client, "")
	becomes(t, there, "", want, mirror.MustRun)
	way.DeliverLate()
	if got := mustKeysUnder(t, there, ""); !cmp.Equal(want, got) {
		t.Errorf("after the late request the destination differs:\n%s", head(cmp.Diff(want, got)))
	}
	if _, err := client.Put(t.Context(), "k/more", "more"); err != nil {
		t.Fatal(err)
	}
	becomes(t, there, "", mustKeysUnder(t, client, ""), mirror.MustRun)
}

// A connection that breaks under the first question is no reason not to begin.
func TestAMirrorBeginsOnAShakyConnection(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	fillKeys(t, source.MustClient(), 3, "v")
	shaky := func(c *harness.Cluster) string {
		return harness.NewFaultyProxy(t, c.Endpoint(), func(method string, nth int) harness.Fault {
			if method == "Txn" && nth <= 2 {
				return harness.RequestLost
			}
			return harness.Passes
		}).URL()
	}
	got := source.RunAt(shaky(source), "make-mirror", shaky(dest), "--once")
	if got.Status != "0" || got.Stdout != "3\n" {
		t.Errorf("status %s, stdout %q, stderr %q", got.Status, got.Stdout, got.Stderr)
	}
}

// A reader that goes away ends the mirror quietly, and a count that cannot be
// written is an error of its own.
func TestAMirrorWithoutAReader(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	fillKeys(t, source.MustClient(), 10, "v")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, test := range []struct {
		stdout  *os.File
		end     string
		message string
	}{
		{writer, "signal broken pipe", ""},
		{full, "status 6", "no space left on device"},
	} {
		var stderr strings.Builder
		cmd := exec.Command(harness.Ectl(), "make-mirror", dest.Endpoint(), "--once")
		cmd.Env = harness.Env(source.Home, "ETCDCTL_ENDPOINTS="+source.Endpoint())
		cmd.Stdout, cmd.Stderr = test.stdout, &stderr
		if end := harness.Ending(cmd.Run()); end != test.end || !strings.Contains(stderr.String(), test.message) || test.message == "" && stderr.Len() > 0 {
			t.Errorf("it ends with %s, %q; want %s, %q", end, stderr.String(), test.end, test.message)
		}
	}
	writer.Close()
}

// A disk that is full costs the mirror its checkpoint only for a while.
func TestAMirrorGoesOnWithoutRoomForItsCheckpoint(t *testing.T) {
	t.Parallel()
	source, dest := harness.NewCluster(t, etcdserver.Options{}), harness.NewCluster(t, etcdserver.Options{})
	client := source.MustClient()
	fillKeys(t, client, 10, "v")
	mirror := mirrorTo(t, source, dest.Endpoint(), "--checkpoint", "state")
	becomes(t, dest.MustClient(), "", mustKeysUnder(t, client, ""), mirror.MustRun)
	room := func(bytes uint64) {
		t.Helper()
		if err := limitFileSize(mirror.Cmd.Process.Pid, bytes); err != nil {
			t.Fatal(err)
		}
	}
	says := func(text string) {
		t.Helper()
		harness.WaitUntil(t, "it says "+text, func() bool {
			mirror.MustRun()
			return mirror.Stderr.Contains(text)
		})
	}
	room(0)
	fillKeys(t, client, 20, "w")
	says("Warning: the checkpoint stays as it was, the mirror continues: ")
	becomes(t, dest.MustClient(), "", mustKeysUnder(t, client, ""), mirror.MustRun)
	if state := harness.MustRead(t, filepath.Join(source.Home, "state")); !strings.Contains(state, "revision") {
		t.Errorf("the checkpoint is %q", state)
	}
	room(unlimited)
	fillKeys(t, client, 30, "x")
	says("Warning: the checkpoint is written again")
	if files := filesIn(t, source.Home); files != "state state.lock" {
		t.Errorf("the folder has %s, want state and its lock", files)
	}
	room(0)
	fillKeys(t, client, 40, "y")
	becomes(t, dest.MustClient(), "", mustKeysUnder(t, client, ""), mirror.MustRun)
	mirror.Kill()
	source.MustRunAt(source.Endpoint(), "make-mirror", dest.Endpoint(), "--checkpoint", "state", "--once")
	if want, got := mustKeysUnder(t, client, ""), mustKeysUnder(t, dest.MustClient(), ""); !cmp.Equal(want, got) {
		t.Errorf("the destination differs:\n%s", head(cmp.Diff(want, got)))
	}
}

// With --once, a script waits for the mirror. So a source that sends no events ends it.
func TestAMirrorOnceGivesUpOnASilentSource(t *testing.T) {
	t.Parallel()
	source := harness.NewCluster(t, etcdserver.Options{})
	dest := harness.NewCluster(t, etcdserver.Options{})
	mirror := []string{"make-mirror", dest.Endpoint(), "--checkpoint", "state", "--once"}
	source.MustRunAt(source.Endpoint(), "put", "k", "v")
	source.MustRunAt(source.Endpoint(), mirror...)
	source.MustRunAt(source.Endpoint(), "put", "k", "w")

	proxy := harness.NewRPCProxy(t, source.Endpoint())
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if rpc.Method == "Watch" {
			<-ctx.Done()
			return ctx.Err()
		}
		return rpc.Forward(ctx)
	}
	r := source.RunAt(proxy.URL(), append(mirror, "--command-timeout", "2s")...)
	if r.Status != "1" || !strings.Contains(r.Stderr, "\nError: context deadline exceeded: "+proxy.URL()) || !strings.Contains(r.Stderr, "gave up on the source after 20s\n") {
		t.Errorf("status %s, %q", r.Status, r.Stderr)
	}
	source.MustRunAt(source.Endpoint(), mirror...)
	if said := dest.MustRunAt(dest.Endpoint(), "get", "k", "--print-value-only"); said != "w\n" {
		t.Errorf("the destination has %q", said)
	}
}
