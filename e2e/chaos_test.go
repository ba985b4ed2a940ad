package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// chaos is a cluster of three to which one thing after another happens, with
// commands that have to come through all of it. What really happens to its keys
// is recorded beside them.
type chaos struct {
	*queue
	long    bool
	rand    *rand.Rand
	dir     string
	proxies []*harness.TCPProxy
	dest    *harness.Cluster
	oldest  int64          // revision that is not compacted
	stop    chan struct{}  // closed when what repeats is to end
	work    sync.WaitGroup // of what repeats

	mu     sync.Mutex
	record []occurrence // below k/ and elected/
	last   int64        // revision of the record
	notes  map[string]int
}

// How much there is, in the short form and in the long one.
type amount struct{ short, long int }

func (c *chaos) of(a amount) int {
	if c.long {
		return a.long
	}
	return a.short
}

var (
	formats = []string{"simple", "json", "table", "csv", "yaml", "protobuf", "fields", "ndjson"}

	pastPuts   = amount{1500, 6000}
	pastTxns   = amount{40, 150}
	rangeTxns  = amount{30, 200} // of 100 keys
	happenings = amount{3, 25}
)

func newChaos(t *testing.T, seed uint64, o etcdserver.Options) *chaos {
	t.Helper()
	o.Members, o.Dir = 3, t.TempDir()
	server := harness.StartServer(t, o)
	user, credentials := "", []string(nil)
	if o.RootPassword != "" {
		user, credentials = "root", []string{"ETCDCTL_USER=root:" + o.RootPassword}
	}
	if o.TLS != nil {
		credentials = append(credentials, "ETCDCTL_CACERT="+o.TLS.CertFile())
	}
	client, err := server.Client(user, o.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	c := &chaos{
		queue: &queue{t: t, server: server, client: client}, long: os.Getenv("ECTL_SOAK") != "",
		rand: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), dest: harness.NewCluster(t, etcdserver.Options{}),
		stop: make(chan struct{}), notes: map[string]int{}, oldest: 1,
	}
	var urls []string
	for _, endpoint := range server.Endpoints() {
		g := harness.NewTCPProxy(t, endpoint)
		c.proxies, urls = append(c.proxies, g), append(urls, g.URL)
	}
	c.env = harness.Env(c.dir, append(credentials, "ETCDCTL_ENDPOINTS="+strings.Join(urls, ","), "ETCDCTL_DIAL_TIMEOUT=10s")...)
	c.fill()
	return c
}

func (c *chaos) value(i int) string {
	return fmt.Sprintf("v%d-%s", i, strings.Repeat("v", []int{1, 20, 300, 3000}[i%4]))
}

// fill makes a past: a large range, large transactions and single revisions.
func (c *chaos) fill() {
	c.t.Helper()
	for i := range c.of(rangeTxns) {
		putTogether(c.t, c.client, 100, func(n int) (string, string) {
			return fmt.Sprintf("large/%06d", 100*i+n), strings.Repeat("v", rangeValueSize)
		})
	}
	for i := range c.of(pastTxns) {
		putTogether(c.t, c.client, 100, func(n int) (string, string) { return fmt.Sprintf("k/%d", n), c.value(i) })
	}
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range c.of(pastPuts) / 8 {
				if i%10 == 9 {
					_, _ = c.client.Delete(c.t.Context(), fmt.Sprintf("k/%d", (i+w)%40))
				} else if _, err := c.client.Put(c.t.Context(), fmt.Sprintf("k/%d", (i+w)%40), c.value(i)); err != nil {
					c.t.Error(err)
				}
			}
		})
	}
	writers.Wait()
}

// shape is a text without what is different each time.
func shape(text string) string {
	return regexp.MustCompile(`[0-9a-f]{12,}|[0-9]+`).ReplaceAllString(text, "N")
}

// note keeps what a command said that was allowed to fail.
func (c *chaos) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes[fmt.Sprintf(format, args...)]++
}

// repeat does something again and again until the end.
func (c *chaos) repeat(seed uint64, do func(r *rand.Rand, i int)) {
	r := rand.New(rand.NewPCG(c.rand.Uint64(), seed))
	c.work.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-c.stop:
				return
			default:
				do(r, i)
			}
		}
	})
}

// recordAll records what happens, by a client that goes to the members straight.
func (c *chaos) recordAll() {
	ctx, cancel := context.WithCancel(context.Background())
	var recording sync.WaitGroup
	c.t.Cleanup(func() {
		cancel()
		recording.Wait()
	})
	recording.Go(func() {
		for ctx.Err() == nil {
			watch := c.client.Watch(clientv3.WithRequireLeader(ctx), "", clientv3.WithPrefix(), clientv3.WithRev(c.recorded()+1), clientv3.WithPrevKV())
			for response := range watch {
				if response.CompactRevision != 0 {
					c.t.Errorf("the record cannot go on at %d", response.CompactRevision)
					return
				}
				c.mu.Lock()
				for _, e := range response.Events {
					if c.last = e.Kv.ModRevision; strings.HasPrefix(string(e.Kv.Key), "k/") || strings.HasPrefix(string(e.Kv.Key), "elected/") {
						c.record = append(c.record, occurrenceOf(e))
					}
				}
				c.mu.Unlock()
			}
		}
	})
}

func (c *chaos) recorded() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// happened is what the record has of keys with a prefix, from a revision on.
func (c *chaos) happened(prefix string, from int64) []occurrence {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []occurrence
	for _, e := range c.record {
		if strings.HasPrefix(e.Key, prefix) && e.Revision >= from {
			all = append(all, e)
		}
	}
	return all
}

// onlooker is a watch of k/.
type onlooker struct {
	name, format string
	prev         bool
	from         int64 // 0: what is to come
	run          *harness.Process
	file         string
	said         string // file of what its command said
}

// look begins a watch in its format.
func (c *chaos) look(o onlooker) *onlooker {
	c.t.Helper()
	args := []string{"watch", "k/", "--prefix"}
	if o.prev {
		args = append(args, "--prev-kv")
	}
	if o.from > 0 {
		args = append(args, "--rev", strconv.FormatInt(o.from, 10))
	}
	line := strings.Join(args, " ")
	switch o.name {
	case "interactive":
		args = []string{"watch", "-i"}
	case "command":
		o.said = filepath.Join(c.dir, o.name+".said")
		args = append(args, "--", "sh", "-c", `printf '%s\n' "$ECTL_WATCH_KEY $ECTL_WATCH_VALUE" >>"$SAID"`)
	}
	o.file = filepath.Join(c.dir, o.name)
	file, err := os.Create(o.file)
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	o.run = harness.StartWritingTo(c.t, harness.Ectl(), slices.Concat(c.env, []string{"ETCDCTL_WRITE_OUT=" + o.format, "SAID=" + o.said}), file, args...)
	if o.name == "interactive" {
		fmt.Fprintln(o.run.Stdin, line)
	}
	return &o
}

// tail is the end of a file.
func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	const size = 8 << 10
	if info, err := file.Stat(); err == nil && info.Size() > size {
		_, _ = file.Seek(-size, 2)
	}
	var b bytes.Buffer
	_, _ = b.ReadFrom(file)
	return b.String()
}

// check compares what an onlooker has printed with what happened, up to the value
// mark, or to where the next revision was compacted.
func (c *chaos) check(o *onlooker, mark string) {
	c.t.Helper()
	compacted := false
	until := time.Now().Add(harness.HangTimeout)
	for !strings.Contains(tail(o.file), shown(o.format, mark)) || o.said != "" && !strings.Contains(tail(o.said), mark) {
		if o.run.HasEnded() {
			var next, oldest int64
			how, text := o.run.End(), o.run.Stderr.String()
			_, err := fmt.Sscanf(after(text, "cannot resume at revision "), "%d, because the history before revision %d was", &next, &oldest)
			compacted = err == nil && how == "status 5" && next < oldest
			c.note("watch, %s: %s", how, shape(text))
			if !compacted && (tail(o.file) != "" || !strings.Contains(text, "Error: context deadline exceeded: ")) { // nobody answered at its begin
				c.t.Errorf("%s has ended with %s, stderr %q", o.name, how, text)
			}
			if !compacted {
				return
			}
			break
		}
		// Of an interactive run only the watch ends.
		if strings.Contains(o.run.Stderr.String(), "cannot resume at revision ") && o.name == "interactive" {
			compacted = true
			o.run.Signal(syscall.SIGINT).WantEnd("signal interrupt")
			break
		}
		if time.Now().After(until) {
			c.t.Errorf("%s does not print the last event: stderr %q, tail %q", o.name, o.run.Stderr, tail(o.file))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !compacted {
		o.run.Signal(syscall.SIGINT).WantEnd("signal interrupt")
		if text := o.run.Stderr.String(); text != "" {
			c.note("watch: %s", shape(text))
		}
	}
	got, err := occurrences(o.format, harness.MustRead(c.t, o.file))
	if err != nil {
		c.t.Errorf("%s: %v", o.name, err)
		return
	}
	want := c.happened("k/", o.from)
	switch {
	case len(got) == 0:
		want = nil
	case o.from == 0:
		i := slices.IndexFunc(want, func(e occurrence) bool { return e.Revision == got[0].Revision })
		want = want[max(0, i):]
	}
	for i := range want {
		if !o.prev || i < len(got) && got[i].Prev == "" { // what was before may have been compacted
			want[i].Prev = ""
		}
		if o.format == "simple" {
			want[i].Revision = 0
		}
	}
	if compacted {
		want = want[:min(len(want), len(got))]
	}
	if !slices.Equal(got, want) {
		i := 0
		for i < len(got) && i < len(want) && got[i] == want[i] {
			i++
		}
		c.t.Errorf("%s: of %d events %d were printed; event %d is %.300q, want %.300q", o.name, len(want), len(got), i,
			fmt.Sprint(got[min(i, len(got)):min(i+3, len(got))]), fmt.Sprint(want[min(i, len(want)):min(i+3, len(want))]))
	}
	if o.said != "" {
		var lines strings.Builder
		for _, e := range got {
			fmt.Fprintf(&lines, "%s %s\n", e.Key, e.Value)
		}
		if said := harness.MustRead(c.t, o.said); said != lines.String() {
			c.t.Errorf("%s: its commands got %d bytes of events, want %d", o.name, len(said), lines.Len())
		}
	}
}

// shown is how a format shows a value.
func shown(format, value string) string {
	if format == "json" {
		return base64.StdEncoding.EncodeToString([]byte(value))
	}
	return value
}

// after is what stands behind a text, empty where that is not there.
func after(s, text string) string {
	_, rest, _ := strings.Cut(s, text)
	return rest
}

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
	anew := func(how string) {
		text := run.Stderr.String()
		c.note("make-mirror, %s: %s", how, shape(text))
		// It can only begin where somebody answers.
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
			anew(run.End())
		case <-time.After(time.Duration(200+r.IntN(5000)) * time.Millisecond):
			_ = run.Cmd.Process.Kill()
			anew(run.End())
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
				anew(how)
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

// write changes keys, one at a time and many together.
func (c *chaos) write() {
	c.repeat(50, func(r *rand.Rand, i int) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		key := func() string { return fmt.Sprintf("k/%d", r.IntN(40)) }
		switch r.IntN(12) {
		case 0:
			_, _ = c.client.Delete(ctx, key())
		case 1:
			var operations []clientv3.Op
			for n := range 1 + r.IntN(100) {
				operations = append(operations, clientv3.OpPut(fmt.Sprintf("k/%d", n), c.value(i)))
			}
			_, _ = c.client.Txn(ctx).Then(operations...).Commit()
		default:
			_, _ = c.client.Put(ctx, key(), c.value(i))
		}
		time.Sleep(time.Duration(r.IntN(10)) * time.Millisecond)
	})
}

// leads returns the leader, waiting for one.
func (c *chaos) leads() int {
	for {
		for i, endpoint := range c.server.Endpoints() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			status, err := c.client.Status(ctx, endpoint)
			cancel()
			if err == nil && status.Leader == status.Header.MemberId {
				return i
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// happen lets one thing happen, and puts it right.
func (c *chaos) happen() {
	pause := func(most int) time.Duration {
		if !c.long {
			most = min(most, 1500)
		}
		return time.Duration(100+c.rand.IntN(most)) * time.Millisecond
	}
	all := func(do func(*harness.TCPProxy)) {
		for _, g := range c.proxies {
			do(g)
		}
	}
	member := c.leads()
	which := "the leader"
	if c.rand.IntN(2) == 0 {
		member, which = (member+1+c.rand.IntN(2))%3, "a follower"
	}
	m, say := c.server.Members[member], ""
	switch kind := c.rand.IntN(10); kind {
	case 0, 1:
		m.Kill()
		time.Sleep(pause(3000))
		if err := m.Restart(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
		say = which + " is killed"
	case 2, 3:
		d := pause(9000)
		if err := m.Pause(); err != nil {
			c.t.Fatal(err)
		}
		time.Sleep(d)
		if err := m.Continue(); err != nil {
			c.t.Fatal(err)
		}
		say = fmt.Sprintf("%s is stopped for %s", which, d)
	case 4:
		for range 1 + c.rand.IntN(5) {
			all((*harness.TCPProxy).Cut)
			time.Sleep(pause(300))
		}
		say = "the connections are cut"
	case 5:
		all(func(g *harness.TCPProxy) { g.Delay(time.Duration(5+c.rand.IntN(100)) * time.Millisecond) })
		time.Sleep(pause(5000))
		all(func(g *harness.TCPProxy) { g.Delay(0) })
		say = "the connections are slow"
	case 6, 7:
		some := c.proxies
		if kind == 6 {
			some = some[member : member+1]
		}
		var open []func()
		for _, g := range some {
			open = append(open, g.Hold())
		}
		d := pause(20000)
		time.Sleep(d)
		lost := c.rand.IntN(2) == 0
		for i, g := range some {
			if lost {
				g.Cut()
			}
			open[i]()
		}
		say = fmt.Sprintf("%d connections swallow everything for %s, lost %v", len(some), d, lost)
	case 8:
		at := c.recorded() - int64(c.rand.IntN(500))
		_, err := c.client.Compact(c.t.Context(), at)
		if err == nil {
			c.oldest = at
		}
		say = fmt.Sprintf("compacted at %d: %v", at, err)
	case 9:
		target, err := c.client.Status(c.t.Context(), c.server.Endpoints()[(c.leads()+1)%3])
		if err != nil {
			c.t.Fatal(err)
		}
		moved := harness.Run(c.t, harness.Command{Program: harness.Ectl(), Args: []string{"move-leader", fmt.Sprintf("%x", target.Header.MemberId)}, Env: c.env})
		say = fmt.Sprintf("the leader moves: %s%s", moved.Stdout, moved.Stderr)
	}
	c.t.Logf("%s %s", time.Now().Format("05.000"), say)
	time.Sleep(pause(2000))
}

// Whatever happens to the cluster and on the way to it, in whatever order, the
// long commands lose, double and invent nothing, nobody holds a lock beside its
// holder, and what fails says why. ECTL_SOAK=1 makes it long, and of another seed
// each time, which ECTL_SEED repeats.
func TestLongCommandsInChaos(t *testing.T) {
	t.Parallel()
	seed := uint64(1)
	if os.Getenv("ECTL_SOAK") != "" {
		seed = uint64(time.Now().UnixNano())
	}
	if given, err := strconv.ParseUint(os.Getenv("ECTL_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("seed %d", seed)
	secured := etcdserver.Options{RootPassword: harness.RootPassword, TokenTTL: 2 * time.Second, TLS: harness.NewCertificates(t, t.TempDir()).CA}
	t.Run("passwords and TLS", func(t *testing.T) { newChaos(t, seed, secured).run() })
	if os.Getenv("ECTL_SOAK") != "" {
		t.Run("neither", func(t *testing.T) { newChaos(t, seed, etcdserver.Options{}).run() })
	}
}

func (c *chaos) run() {
	c.recordAll()
	onlookers := []*onlooker{
		c.look(onlooker{name: "interactive", format: "json", from: 1}), c.look(onlooker{name: "json", format: "json", prev: true, from: 1}),
		c.look(onlooker{name: "to come", format: "json", prev: true}), c.look(onlooker{name: "command", format: "ndjson"}),
	}
	harness.WaitUntil(c.t, "there are watches", func() bool {
		put(c.t.Context(), c.client, "k/first", "first")
		return !slices.ContainsFunc(onlookers, func(o *onlooker) bool { return tail(o.file) == "" })
	})
	checks := []func(){c.listen(), c.contend(), c.mirror(), c.keepAlive()}
	c.campaign()
	c.get()
	c.save()
	c.write()
	for i := range c.of(happenings) {
		if c.long || i == 0 { // more of them read the past meanwhile
			format := formats[(i+c.rand.IntN(2))%len(formats)]
			onlookers = append(onlookers, c.look(onlooker{name: fmt.Sprint(format, i), format: format, prev: format != "simple" && i%2 == 0, from: c.oldest}))
		}
		c.happen()
	}
	close(c.stop)
	c.work.Wait()
	mark, last := fmt.Sprintf("last%d", c.rand.Uint64()), int64(0)
	harness.WaitUntil(c.t, "a key can be written", func() bool {
		last = put(c.t.Context(), c.client, "k/last", mark)
		return last != 0
	})
	harness.WaitUntil(c.t, "all is recorded", func() bool { return c.recorded() >= last })
	for _, o := range onlookers {
		c.check(o, mark)
	}
	for _, check := range checks {
		check()
	}
	for _, text := range slices.Sorted(maps.Keys(c.notes)) {
		c.t.Logf("%d times %s", c.notes[text], text)
	}
}
