package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
)

// get reads the large range again and again.
func (c *chaos) get() {
	want := map[string]string{}
	ways := [][]string{{"-w", "ndjson"}, {"-w", "simple"}, {"-w", "csv"}, {"-w", "json"}, {"--keys-only"}, {"-w", "protobuf"}}
	c.repeat(1, func(r *rand.Rand, i int) {
		format := ways[r.IntN(len(ways))]
		args := append([]string{"get", "large/", "--prefix"}, format...)
		path := filepath.Join(c.dir, fmt.Sprintf("get%d", i))
		file, err := os.Create(path)
		if err != nil {
			c.t.Error(err)
			return
		}
		var stderr bytes.Buffer
		cmd := exec.Command(harness.Ectl(), args...)
		cmd.Env, cmd.Stdout, cmd.Stderr = c.env, file, &stderr
		how := harness.Ending(cmd.Run())
		file.Close()
		text := harness.MustRead(c.t, path)
		os.Remove(path)
		name := strings.Join(format, " ")
		if name == "-w json" || name == "-w protobuf" { // their header tells revisions
			if how == "status 0" && strings.Count(text, map[bool]string{true: `"mod_revision"`, false: "large/"}[name == "-w json"]) != 100*c.of(rangeTxns) {
				c.t.Errorf("get %s: %d bytes have not all keys", name, len(text))
			}
		} else if whole, ok := want[name]; how == "status 0" {
			if !ok {
				want[name] = text
			} else if whole != text {
				c.t.Errorf("get %s: %d bytes are not the %d of the whole", name, len(text), len(whole))
			}
		} else if ok && !strings.HasPrefix(whole, text) {
			c.t.Errorf("get %s: what it printed is no beginning of the whole", name)
		}
		if how != "status 0" {
			c.note("get, %s: %s", how, shape(stderr.String()))
			if !strings.HasPrefix(stderr.String(), "Error: ") && !strings.Contains(stderr.String(), "\nError: ") {
				c.t.Errorf("get %s ends with %s and says %q", name, how, stderr.String())
			}
		} else {
			c.note("get, status 0")
		}
	})
}

// contend has several queue for a lock, whose commands say when they begin and
// end.
func (c *chaos) contend() (check func()) {
	log := filepath.Join(c.dir, "lock.log")
	const command = `trap 'echo "told $ID" >>"$LOG"; exit 9' TERM; echo "begin $ID $ETCD_LOCK_REV" >>"$LOG"; i=0; while test $i -lt $N; do sleep 0.02; i=$((i+1)); done; echo "end $ID" >>"$LOG"`
	lost := map[string]bool{}
	for n := range 3 {
		c.repeat(uint64(10+n), func(r *rand.Rand, i int) {
			id := fmt.Sprintf("%d.%d", n, i)
			var stderr bytes.Buffer
			cmd := exec.Command(harness.Ectl(), "lock", "locked", "--ttl", "3", "--", "sh", "-c", command)
			cmd.Env, cmd.Stderr = append(slices.Clone(c.env), "ID="+id, "LOG="+log, fmt.Sprintf("N=%d", 5+r.IntN([]int{50, 50, c.of(amount{50, 400})}[r.IntN(3)]))), &stderr
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			if err := cmd.Start(); err != nil {
				c.t.Error(err)
				return
			}
			killed := r.IntN(10) == 0
			if killed {
				timer := time.AfterFunc(time.Duration(r.IntN(3000))*time.Millisecond, func() { _ = cmd.Process.Kill() })
				defer timer.Stop()
			}
			how := harness.Ending(cmd.Wait())
			c.mu.Lock()
			defer c.mu.Unlock()
			c.notes[fmt.Sprintf("lock, %s: %s", how, shape(stderr.String()))]++
			switch {
			case how == "status 0":
			case how == "status 5" && strings.Contains(stderr.String(), "the lock was lost: "), killed && how == "signal killed":
				lost[id] = true
			case !strings.Contains(stderr.String(), "Error: "):
				c.t.Errorf("lock %s ends with %s and says %q", id, how, stderr.String())
			}
		})
	}
	return func() {
		holder, revision := "", int64(0)
		overlaps, begun := 0, 0
		for line := range strings.Lines(harness.MustRead(c.t, log)) {
			var what, id string
			var at int64
			_, _ = fmt.Sscan(line, &what, &id, &at)
			if what != "begin" {
				if holder == id {
					holder = ""
				}
				continue
			}
			begun++
			if holder != "" {
				overlaps++
				if !lost[holder] {
					c.t.Errorf("lock: %s holds it while %s does, which has not lost it", id, holder)
				}
			}
			if at <= revision {
				c.t.Errorf("lock: the revision of %s is %d, behind %d", id, at, revision)
			}
			holder, revision = id, at
		}
		c.t.Logf("lock: %d commands ran, %d lost it, %d began before the one before was told", begun, len(lost), overlaps)
	}
}

// campaign has two take turns in an election.
func (c *chaos) campaign() {
	for n := range 2 {
		c.repeat(uint64(20+n), func(r *rand.Rand, i int) {
			run := harness.Start(c.t, harness.Ectl(), c.env, "elect", "elected", fmt.Sprintf("p%d.%d", n, i), "--ttl", "3")
			for !run.HasEnded() && strings.Count(run.Stdout.String(), "\n") < 2 {
				select {
				case <-c.stop:
					_ = run.Cmd.Process.Signal(syscall.SIGINT)
					time.Sleep(50 * time.Millisecond)
				case <-time.After(10 * time.Millisecond):
				}
			}
			time.Sleep(time.Duration(r.IntN(700)) * time.Millisecond)
			_ = run.Cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-run.Gone:
				how := run.End()
				c.note("elect, %s: %s", how, shape(run.Stderr.String()))
				// Before it queues a signal ends it as any program.
				if how != "status 0" && how != "signal interrupt" && how != "signal terminated" && !strings.Contains(run.Stderr.String(), "Error: ") {
					c.t.Errorf("elect ends with %s and says %q", how, run.Stderr)
				}
			case <-time.After(harness.HangTimeout):
				c.t.Errorf("elect does not end: stdout %q, stderr %q", run.Stdout, run.Stderr)
			}
		})
	}
}

// leaders are those of an election, by what happened to its keys.
func leaders(all []occurrence) (lines []string) {
	type key struct {
		name, value string
		created     int64
		modified    int64
	}
	queue := map[string]key{}
	shown := key{}
	for i, e := range all {
		if e.Kind == "delete" {
			delete(queue, e.Key)
		} else {
			k, ok := queue[e.Key]
			if !ok {
				k.created = e.Revision
			}
			queue[e.Key] = key{e.Key, e.Value, k.created, e.Revision}
		}
		if i+1 < len(all) && all[i+1].Revision == e.Revision {
			continue
		}
		first := key{}
		for _, k := range queue {
			if first.name == "" || k.created < first.created {
				first = k
			}
		}
		if first.name != "" && (first.name != shown.name || first.modified != shown.modified) {
			shown = first
			lines = append(lines, first.name, first.value)
		}
	}
	return lines
}

// listen follows the election.
func (c *chaos) listen() (check func()) {
	put(c.t.Context(), c.client, "elected/first", "first")
	run := c.ours("elect", "elected", "--listen").WaitFor("first\n")
	if _, err := c.client.Delete(c.t.Context(), "elected/first"); err != nil {
		c.t.Fatal(err)
	}
	return func() {
		want := strings.Join(leaders(c.happened("elected/", 0)), "\n")
		got := func() string { return strings.TrimSuffix(run.Stdout.String(), "\n") }
		for deadline := time.Now().Add(harness.HangTimeout); got() != want && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
		}
		if got() != want {
			c.t.Errorf("elect --listen printed other leaders: %s", head(cmp.Diff(strings.Split(want, "\n"), strings.Split(got(), "\n"))))
		}
		run.Signal(syscall.SIGINT).WantEnd("status 0")
	}
}

// mirror has a mirror that is killed now and then.
func (c *chaos) mirror() (check func()) {
	checkpoints := 0
	begins := func() (*harness.Process, string) {
		file := filepath.Join(c.dir, fmt.Sprintf("checkpoint%d", checkpoints))
		return c.ours("make-mirror", c.dest.Endpoint(), "--checkpoint", file, "--prefix", "k/", "--dest-prefix", "m/"), file
	}
	run, _ := begins()
	restart := func(how string) {
		text := run.Stderr.String()
		c.note("make-mirror, %s: %s", how, shape(text))
		// It can only start if a server answers.
		if how == "signal killed" || strings.Contains(text, "Error: context deadline exceeded: ") {
			run, _ = begins()
			return
		}
		if !strings.Contains(text, "compacted") {
			c.t.Errorf("make-mirror ends with %s and says %q", how, text)
		}
		if _, err := c.dest.MustClient().Delete(context.Background(), "m/", clientv3.WithPrefix()); err != nil {
			c.t.Error(err)
		}
		checkpoints++
		run, _ = begins()
	}
	c.repeat(30, func(r *rand.Rand, _ int) {
		select {
		case <-c.stop:
		case <-run.Gone:
			restart(run.End())
		case <-time.After(time.Duration(200+r.IntN(5000)) * time.Millisecond):
			_ = run.Cmd.Process.Kill()
			restart(run.End())
		}
	})
	return func() {
		want := map[string]string{}
		for key, value := range mustKeysUnder(c.t, c.client, "k/") {
			want["m/"+strings.TrimPrefix(key, "k/")] = value
		}
		client := c.dest.MustClient()
		for deadline := time.Now().Add(harness.HangTimeout); ; time.Sleep(50 * time.Millisecond) {
			got := mustKeysUnder(c.t, client, "m/")
			if maps.Equal(got, want) {
				break
			}
			if run.HasEnded() {
				how := run.End()
				restart(how)
			}
			if time.Now().After(deadline) {
				c.t.Errorf("the mirror differs, stderr %q: %s", run.Stderr, head(cmp.Diff(want, got)))
				break
			}
		}
		run.Signal(syscall.SIGINT).WantEnd("signal interrupt")
		c.note("make-mirror: %s", shape(run.Stderr.String()))
	}
}

// keepAlive keeps a lease.
func (c *chaos) keepAlive() (check func()) {
	grant, err := c.client.Grant(c.t.Context(), leaseTTL)
	if err != nil {
		c.t.Fatal(err)
	}
	run := c.ours("lease", "keep-alive", fmt.Sprintf("%x", grant.ID))
	line := fmt.Sprintf("lease %016x keepalived with TTL(%d)\n", grant.ID, leaseTTL)
	return func() {
		gone := run.HasEnded()
		if !gone {
			run.Signal(syscall.SIGINT).WantEnd("signal interrupt")
		} else if how := run.End(); how != "status 0" && (how != "status 2" || !strings.Contains(run.Stderr.String(), "Error: context deadline exceeded: ")) {
			c.t.Errorf("lease keep-alive ended with %s: stderr %q", how, run.Stderr)
		}
		left, err := c.client.TimeToLive(c.t.Context(), grant.ID)
		if err != nil {
			c.t.Fatal(err)
		}
		if rest := strings.ReplaceAll(run.Stdout.String(), line, ""); gone != (left.TTL <= 0) || gone == (rest+run.Stderr.String() == "") {
			c.t.Errorf("lease keep-alive: its lease has %d seconds left, stdout is %q, stderr %q", left.TTL, rest, run.Stderr)
		}
		c.note("lease keep-alive: gone %v", gone)
	}
}

// save saves snapshots.
func (c *chaos) save() {
	c.repeat(40, func(r *rand.Rand, i int) {
		path := filepath.Join(c.dir, fmt.Sprintf("saved%d.db", i))
		var stderr bytes.Buffer
		cmd := exec.Command(harness.Ectl(), "snapshot", "save", path, "--pick", []string{"any", "leader", "follower"}[r.IntN(3)])
		cmd.Env, cmd.Stderr = c.env, &stderr
		how := harness.Ending(cmd.Run())
		c.note("snapshot save, %s: %s", how, shape(stderr.String()))
		if how == "status 0" {
			wholeSnapshot(c.t, path)
		} else if !strings.HasPrefix(stderr.String(), "Error: ") {
			c.t.Errorf("snapshot save ends with %s and says %q", how, stderr.String())
		}
		if err := os.Remove(path); (err == nil) != (how == "status 0") {
			c.t.Errorf("snapshot save, %s: %v", how, err)
		}
		noSnapshot(c.t, path)
		select {
		case <-c.stop:
		case <-time.After(time.Duration(r.IntN(2000)) * time.Millisecond):
		}
	})
}
