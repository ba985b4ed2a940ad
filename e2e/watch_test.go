package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Whatever happens to the cluster and to the login, a watch prints each event
// once, in order.
func TestWatchLosesAndDoublesNothing(t *testing.T) {
	for _, c := range []struct {
		name    string
		options etcdserver.Options
		fault   func(context.Context, *testing.T, *etcdserver.Server)
	}{
		{"the server restarts", etcdserver.Options{}, func(ctx context.Context, t *testing.T, s *etcdserver.Server) {
			t.Helper()
			s.Members[0].Kill()
			time.Sleep(time.Second)
			if err := s.Members[0].Restart(ctx); err != nil {
				t.Fatal(err)
			}
		}},
		{"the leader is killed", etcdserver.Options{Members: 3}, func(ctx context.Context, t *testing.T, s *etcdserver.Server) {
			t.Helper()
			leader := leaderOf(ctx, t, s)
			leader.Kill()
			time.Sleep(3 * time.Second)
			if err := leader.Restart(ctx); err != nil {
				t.Fatal(err)
			}
		}},
		{"two of three are stopped and continued", etcdserver.Options{Members: 3}, func(_ context.Context, t *testing.T, s *etcdserver.Server) {
			t.Helper()
			for _, m := range s.Members[1:] {
				if err := m.Pause(); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(6 * time.Second)
			for _, m := range s.Members[1:] {
				if err := m.Continue(); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"the login expires and the server restarts", etcdserver.Options{RootPassword: harness.RootPassword, TokenTTL: 2 * time.Second},
			func(ctx context.Context, t *testing.T, s *etcdserver.Server) {
				t.Helper()
				time.Sleep(4 * time.Second)
				s.Members[0].Kill()
				if err := s.Members[0].Restart(ctx); err != nil {
					t.Fatal(err)
				}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
			defer cancel()
			c.options.Dir = t.TempDir()
			server := harness.StartServer(t, c.options)
			user := ""
			if c.options.RootPassword != "" {
				user = "root"
			}
			client, err := server.Client(user, c.options.RootPassword)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = client.Close() })

			printed := startWatch(ctx, t, server, user, c.options.RootPassword)
			stop := make(chan struct{})
			writing := make(chan struct{})
			var written atomic.Int64
			go func() {
				defer close(writing)
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						if put(ctx, client, fmt.Sprintf("k/%d", i%7), fmt.Sprint(i)) != 0 {
							written.Add(1)
						}
					}
				}
			}()
			harness.WaitUntil(t, "much is written", func() bool { return written.Load() > 50 })
			c.fault(ctx, t, server)
			before := written.Load()
			harness.WaitUntil(t, "much is written after the fault", func() bool { return written.Load() > before+50 })
			close(stop)
			<-writing
			last := put(ctx, client, "k/last", "")
			for last == 0 && ctx.Err() == nil {
				last = put(ctx, client, "k/last", "")
			}

			want := happened(ctx, t, client, last)
			var got []event
			for e := range printed {
				if got = append(got, e); e.ModRevision >= last {
					break
				}
			}
			if len(want) < 50 {
				t.Errorf("only %d events happened", len(want))
			}
			if !slices.Equal(got, want) {
				t.Errorf("of %d events %d were printed; the first that differs is %s", len(want), len(got), firstDifference(got, want))
			}
		})
	}
}

type event struct {
	Key         string `json:"key"`
	Value       string `json:"value"`
	ModRevision int64  `json:"mod_revision"`
}

func firstDifference(got, want []event) string {
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			return fmt.Sprintf("event %d: %+v, want %+v", i, got[i:min(i+1, len(got))], want[i])
		}
	}
	return "behind the last"
}

// put writes a key. It returns the revision, 0 where it is unknown whether the
// key was written.
func put(ctx context.Context, client *clientv3.Client, key, value string) int64 {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	response, err := client.Put(ctx, key, value)
	if err != nil {
		return 0
	}
	return response.Header.Revision
}

// happened is what the cluster says afterwards.
func happened(ctx context.Context, t *testing.T, client *clientv3.Client, last int64) []event {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all []event
	for response := range client.Watch(ctx, "k/", clientv3.WithPrefix(), clientv3.WithRev(1)) {
		if err := response.Err(); err != nil {
			t.Fatal(err)
		}
		for _, e := range response.Events {
			all = append(all, event{string(e.Kv.Key), string(e.Kv.Value), e.Kv.ModRevision})
			if e.Kv.ModRevision >= last {
				return all
			}
		}
	}
	t.Fatal("the events that happened cannot be read")
	return nil
}

// startWatch has ectl watch everything from the beginning.
func startWatch(ctx context.Context, t *testing.T, server *etcdserver.Server, user, password string) <-chan event {
	t.Helper()
	cmd := exec.CommandContext(ctx, harness.Ectl(), "watch", "k/", "--prefix", "--rev", "1", "-w", "ndjson")
	cmd.Env = harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+strings.Join(server.Endpoints(), ","))
	if user != "" {
		cmd.Env = append(cmd.Env, "ETCDCTL_USER="+user+":"+password)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	events := make(chan event, 1<<20)
	go func() {
		defer close(events)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var e event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Errorf("%q is no event: %v", lines.Text(), err)
				return
			}
			events <- e
		}
	}()
	return events
}

func leaderOf(ctx context.Context, t *testing.T, s *etcdserver.Server) *etcdserver.Member {
	t.Helper()
	return leaderAs(ctx, t, s, "", "")
}

// leaderAs returns the leader, which the user asks for.
func leaderAs(ctx context.Context, t *testing.T, s *etcdserver.Server, user, password string) *etcdserver.Member {
	t.Helper()
	client, err := s.Client(user, password)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i, endpoint := range s.Endpoints() {
		status, err := client.Status(ctx, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if status.Leader == status.Header.MemberId {
			return s.Members[i]
		}
	}
	t.Fatal("the cluster has no leader")
	return nil
}

// Watches of one interactive run share the output. What one of them prints of a
// large response stays together.
func TestInteractiveWatchesKeepTheirOutputApart(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	const transactions, each, times = 60, 100, 5
	for i := range transactions {
		putTogether(t, q.client, each, func(n int) (string, string) {
			return fmt.Sprintf("%s/%04d", []string{"a", "b"}[n%2], n), fmt.Sprintf("%d %s", i, strings.Repeat("v", 100))
		})
	}
	r := q.ours("watch", "-i", "-w", "json")
	fmt.Fprint(r.Stdin, strings.Repeat("watch a/ --prefix --rev 1\nwatch b/ --prefix --rev 1\nwatch nothing\n", times))
	last := fmt.Sprintf(`"mod_revision":%d,`, transactions+1)
	harness.WaitUntil(t, "all has been printed", func() bool { return strings.Count(r.Stdout.String(), last) == times*each })
	if r.Signal(os.Interrupt).WantEnd("signal interrupt"); r.Stderr.String() != "" {
		t.Errorf("stderr %q", r.Stderr)
	}
	for line := range strings.Lines(r.Stdout.String()) {
		var response clientv3.WatchResponse
		if err := json.Unmarshal([]byte(line), &response); err != nil {
			t.Fatalf("a line of %d bytes is no response: %v", len(line), err)
		}
		for i, e := range response.Events {
			if i > 0 && (e.Kv.ModRevision < response.Events[i-1].Kv.ModRevision || e.Kv.Key[0] != response.Events[0].Kv.Key[0]) {
				t.Fatalf("%v follows %v in one response", e, response.Events[i-1])
			}
		}
	}
}

// What the command of a watch prints does not stand in the middle of a response,
// however large that is.
func TestTheCommandOfAWatchPrintsBetweenResponses(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	const keys = 30
	for n := range keys {
		if _, err := q.client.Put(t.Context(), fmt.Sprintf("k/%04d", n), strings.Repeat("v", 20_000)); err != nil {
			t.Fatal(err)
		}
	}
	r := q.ours("watch", "k/", "--prefix", "--rev", "1", "-w", "json", "--", "sh", "-c", `echo "command $ECTL_WATCH_KEY"`)
	r.WaitFor(fmt.Sprintf("command k/%04d\n", keys-1)).Signal(os.Interrupt).WantEnd("signal interrupt")
	printed, commands := 0, 0
	for line := range strings.Lines(r.Stdout.String()) {
		if line == fmt.Sprintf("command k/%04d\n", commands) {
			if commands++; commands > printed {
				t.Fatalf("the command for event %d runs before that was printed", commands)
			}
			continue
		}
		var response clientv3.WatchResponse
		if err := json.Unmarshal([]byte(line), &response); err != nil {
			t.Fatalf("a line of %d bytes is no response: %v", len(line), err)
		}
		printed += len(response.Events)
	}
	if printed != keys || commands != keys {
		t.Errorf("%d events were printed and %d commands run, want %d", printed, commands, keys)
	}
}

// putTogether puts n keys in one transaction.
func putTogether(t *testing.T, client *clientv3.Client, n int, pair func(int) (key, value string)) {
	t.Helper()
	operations := make([]clientv3.Op, n)
	for i := range operations {
		operations[i] = clientv3.OpPut(pair(i))
	}
	if _, err := client.Txn(t.Context()).Then(operations...).Commit(); err != nil {
		t.Fatal(err)
	}
}
