package e2e

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
// long commands lose, double and invent nothing, no second process holds a lock beside its
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
