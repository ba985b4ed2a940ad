package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// Leaders that come and go quickly are all shown, each once, whatever becomes
// of the connection.
func TestAListenerSeesEveryLeader(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	r := q.ours("elect", "--listen", "name", "-w", "ndjson")
	var want []string
	if _, err := q.client.Put(t.Context(), "name/before", "first"); err != nil {
		t.Fatal(err)
	}
	r.WaitFor("name/before")
	if _, err := q.client.Delete(t.Context(), "name/before"); err != nil {
		t.Fatal(err)
	}
	want = append(want, "name/before=first")
	lead := func(i int) {
		ctx, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
		defer cancel()
		key := fmt.Sprintf("name/%d", i)
		for _, value := range []string{"first", "second"} {
			if _, err := q.client.Put(ctx, key, value); err != nil {
				t.Fatal(err)
			}
			want = append(want, key+"="+value)
		}
		if _, err := q.client.Put(ctx, key+"x", "never leads"); err != nil {
			t.Fatal(err)
		}
		if _, err := q.client.Txn(ctx).Then(clientv3.OpDelete(key), clientv3.OpDelete(key+"x")).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		lead(i)
		if i == 15 {
			q.server.Members[0].Kill()
			if err := q.server.Members[0].Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.WaitFor(`"name/29","value":"second"`).Signal(syscall.SIGINT).WantEnd("status 0")
	var got []string
	for line := range strings.Lines(r.Stdout.String()) {
		var leader struct{ Key, Value string }
		if err := json.Unmarshal([]byte(line), &leader); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, leader.Key+"="+leader.Value)
	}
	if !slices.Equal(got, want) {
		t.Errorf("it showed %v, want %v", got, want)
	}
}

// Proposals of the leader reach who listens, with either program.
func TestProposalsAreProclaimed(t *testing.T) {
	t.Parallel()
	q := newQueue(t, etcdserver.Options{Dir: t.TempDir()})
	leader := q.ours("elect", "name", "zero", "--proclaim", "-w", "csv").WaitFor("zero")
	listener := harness.Start(t, harness.Etcdctl(), q.env, "elect", "-l", "name").WaitFor("zero")
	for _, proposal := range []string{"one", "two", "three"} {
		if _, err := io.WriteString(leader.Stdin, proposal+"\n"); err != nil {
			t.Fatal(err)
		}
		leader.WaitFor("," + proposal + ",")
		listener.WaitFor(proposal)
	}
	leader.Stdin.Close()
	leader.Signal(syscall.SIGINT).WantEnd("status 0")
	listener.Signal(syscall.SIGINT).WantEnd("status 0")
}
