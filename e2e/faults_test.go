package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// faultyCluster has three members, each behind a proxy, keys to read and a writer.
type faultyCluster struct {
	*queue
	dir      string
	proxies  []*harness.TCPProxy
	password string
	lease    string   // to be kept alive
	large    []string // what "get large/ --prefix -w ndjson" has to print
	stop     chan struct{}
	writing  sync.WaitGroup
}

// Keys of the large range, more than pipes and windows hold.
const (
	rangeKeys      = 20_000
	rangeValueSize = 400
	rangeTxn       = 100

	// leaseTTL is that of the leases to be kept alive, in seconds: a renewal comes
	// after a third of it, and the rest is for an election on a busy machine.
	leaseTTL = 8
)

func newFaultyCluster(t *testing.T, o etcdserver.Options) *faultyCluster {
	t.Helper()
	o.Members, o.Dir = 3, t.TempDir()
	server := harness.StartServer(t, o)
	user := ""
	if o.RootPassword != "" {
		user = "root"
	}
	client, err := server.Client(user, o.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	c := &faultyCluster{queue: &queue{t: t, server: server, client: client}, dir: t.TempDir(), password: o.RootPassword, stop: make(chan struct{})}
	var urls []string
	for _, endpoint := range server.Endpoints() {
		g := harness.NewTCPProxy(t, endpoint)
		c.proxies, urls = append(c.proxies, g), append(urls, g.URL)
	}
	c.env = harness.Env(c.dir, "ETCDCTL_ENDPOINTS="+strings.Join(urls, ","))
	if user != "" {
		c.env = append(c.env, "ETCDCTL_USER="+user+":"+o.RootPassword)
	}
	c.fill()
	grant, err := client.Grant(t.Context(), leaseTTL)
	if err != nil {
		t.Fatal(err)
	}
	c.lease = fmt.Sprintf("%x", grant.ID)
	c.writing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-c.stop:
				return
			case <-time.After(5 * time.Millisecond):
				put(t.Context(), client, fmt.Sprintf("k/%d", i%7), fmt.Sprint(i))
			}
		}
	})
	return c
}

func (c *faultyCluster) fill() {
	c.t.Helper()
	value := strings.Repeat("v", rangeValueSize)
	var operations []clientv3.Op
	for i := range rangeKeys {
		key := fmt.Sprintf("large/%06d", i)
		c.large = append(c.large, key)
		if operations = append(operations, clientv3.OpPut(key, value)); len(operations) == rangeTxn {
			if _, err := c.client.Txn(c.t.Context()).Then(operations...).Commit(); err != nil {
				c.t.Fatal(err)
			}
			operations = nil
		}
	}
}

// oneMember is a client that talks to one member. A login reaches the others a
// moment later.
func (c *faultyCluster) oneMember() *clientv3.Client {
	c.t.Helper()
	user := ""
	if c.password != "" {
		user = "root"
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: c.server.Endpoints()[:1], DialTimeout: harness.HangTimeout, Username: user, Password: c.password, Logger: zap.NewNop(),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { client.Close() })
	return client
}

// pause stops a member for a time.
func (c *faultyCluster) pause(m *etcdserver.Member, d time.Duration) {
	c.t.Helper()
	if err := m.Pause(); err != nil {
		c.t.Fatal(err)
	}
	time.Sleep(d)
	if err := m.Continue(); err != nil {
		c.t.Fatal(err)
	}
	harness.WaitUntil(c.t, "there is a leader", func() bool { return put(c.t.Context(), c.client, "k/0", "after") != 0 })
}

// leader returns the index of the leader.
func (c *faultyCluster) leader() int {
	c.t.Helper()
	for i, endpoint := range c.server.Endpoints() {
		if status, err := c.client.Status(c.t.Context(), endpoint); err == nil && status.Leader == status.Header.MemberId {
			return i
		}
	}
	c.t.Fatal("the cluster has no leader")
	return 0
}

// underWay is a command that runs, and what has to be so at its end.
type underWay struct {
	name   string
	run    *harness.Process
	finish func()
}

// begin has every long command under way.
func (c *faultyCluster) begin() []underWay {
	c.t.Helper()
	t := c.t
	ttl := strconv.Itoa(leaseTTL)
	stopFile := filepath.Join(c.dir, "stop")
	var all []underWay
	add := func(name string, r *harness.Process, finish func()) { all = append(all, underWay{name, r, finish}) }

	watch := c.ours("watch", "k/", "--prefix", "--rev", "1", "-w", "ndjson")
	watch.WaitFor("\n")
	add("watch", watch, func() {
		close(c.stop)
		c.writing.Wait()
		var last int64
		harness.WaitUntil(t, "a key can be written", func() bool {
			last = put(t.Context(), c.client, "k/last", "")
			return last != 0
		})
		want := happened(t.Context(), t, c.oneMember(), last)
		watch.WaitFor(fmt.Sprintf(`"mod_revision":%d,`, last)).Signal(syscall.SIGINT).WantEnd("signal interrupt")
		var got []event
		for line := range strings.Lines(watch.Stdout.String()) {
			var e event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Errorf("%q is no event: %v", line, err)
				return
			}
			got = append(got, e)
		}
		if !slices.Equal(got, want) {
			t.Errorf("watch: of %d events %d were printed; the first that differs is %s", len(want), len(got), firstDifference(got, want))
		}
	})

	get, out := c.slowReader("get", "large/", "--prefix", "--keys-only", "-w", "ndjson")
	add("get", get, func() {
		text, err := io.ReadAll(out)
		if err != nil {
			t.Errorf("get: %v", err)
		}
		get.WantEnd("status 0")
		var got []string
		for line := range strings.Lines(string(text)) {
			var e event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Errorf("%q is no key: %v", line, err)
				return
			}
			got = append(got, e.Key)
		}
		if !slices.Equal(got, c.large) {
			t.Errorf("get: %d keys are not the %d of the range", len(got), len(c.large))
		}
	})

	keepAlive := c.ours("lease", "keep-alive", c.lease)
	keepAlive.WaitFor("keepalived with TTL(" + ttl + ")\n")
	add("lease keep-alive", keepAlive, func() {
		lines := strings.Count(keepAlive.Stdout.String(), "\n")
		harness.WaitUntil(t, "the lease is kept alive", func() bool { return keepAlive.HasEnded() || strings.Count(keepAlive.Stdout.String(), "\n") > lines })
		keepAlive.Signal(syscall.SIGINT).WantEnd("signal interrupt")
		line := fmt.Sprintf("lease %016s keepalived with TTL(%s)\n", c.lease, ttl)
		if text := keepAlive.Stdout.String(); strings.ReplaceAll(text, line, "") != "" {
			t.Errorf("lease keep-alive prints %q", text)
		}
	})

	lock := c.ours("lock", "locked", "--ttl", ttl, "--", "sh", "-c", "echo begins; while ! test -e "+stopFile+"; do sleep 0.05; done; echo ends").WaitFor("begins\n")
	next := c.ours("lock", "locked", "--ttl", ttl, "--", "echo", "my turn")
	c.queued("locked", 2)
	add("lock", lock, func() {
		if next.Stdout.String() != "" {
			t.Error("lock: there are two holders")
		}
		if err := os.WriteFile(stopFile, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if lock.WantEnd("status 0"); lock.Stdout.String() != "begins\nends\n" {
			t.Errorf("lock: stdout %q", lock.Stdout)
		}
	})
	add("lock, waiting", next, func() {
		if next.WantEnd("status 0"); next.Stdout.String() != "my turn\n" {
			t.Errorf("lock: stdout %q of who waited", next.Stdout)
		}
		if keys := c.keys("locked"); len(keys) > 0 {
			t.Errorf("lock: %v are left", keys)
		}
	})

	elect := c.ours("elect", "elected", "me", "--ttl", ttl).WaitFor("me\n")
	leaderKey := c.keys("elected")[0]
	listen := c.ours("elect", "elected", "--listen").WaitFor("me\n")
	add("elect", elect, func() {
		elect.Signal(syscall.SIGTERM).WantEnd("status 0")
		if got := elect.Stdout.String(); got != leaderKey+"\nme\n" {
			t.Errorf("elect: stdout %q", got)
		}
		if keys := c.keys("elected"); len(keys) > 0 {
			t.Errorf("elect: %v are left", keys)
		}
	})
	add("elect --listen", listen, func() {
		if _, err := c.client.Put(t.Context(), "elected/next", "you"); err != nil {
			t.Fatal(err)
		}
		if listen.WaitFor("you\n").Signal(syscall.SIGINT).WantEnd("status 0"); listen.Stdout.String() != leaderKey+"\nme\nelected/next\nyou\n" {
			t.Errorf("elect --listen: stdout %q", listen.Stdout)
		}
	})
	return all
}

// slowReader starts a command, and reads its output only when the test asks for it.
func (c *faultyCluster) slowReader(args ...string) (*harness.Process, io.Reader) {
	c.t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { reader.Close() })
	r := harness.StartWritingTo(c.t, harness.Ectl(), c.env, writer, args...)
	writer.Close()
	first := make([]byte, 1<<10)
	n, err := io.ReadAtLeast(reader, first, 1)
	if err != nil {
		c.t.Fatal(err)
	}
	return r, io.MultiReader(bytes.NewReader(first[:n]), reader)
}

// snapshotHeld begins a snapshot of a member that stops after some of it has
// come, until the proxy is released.
func (c *faultyCluster) snapshotHeld(member int) (*harness.Process, *harness.TCPProxy, string) {
	c.t.Helper()
	g := harness.NewTCPProxy(c.t, c.server.Endpoints()[member])
	held := g.Limit(1<<20, harness.Held)
	file := filepath.Join(c.dir, fmt.Sprintf("snapshot%d.db", member))
	env := slices.DeleteFunc(slices.Clone(c.env), func(v string) bool { return strings.HasPrefix(v, "ETCDCTL_ENDPOINTS=") })
	r := harness.Start(c.t, harness.Ectl(), append(env, "ETCDCTL_ENDPOINTS="+g.URL), "snapshot", "save", file)
	<-held
	return r, g, file
}

func wholeSnapshot(t *testing.T, file string) {
	t.Helper()
	content := []byte(harness.MustRead(t, file))
	end := len(content) - sha256.Size
	if end < 0 {
		t.Fatalf("%s has %d bytes", file, len(content))
	}
	if sum := sha256.Sum256(content[:end]); !bytes.Equal(sum[:], content[end:]) {
		t.Errorf("%s is damaged", file)
	}
}

// noSnapshot checks that nothing is left of a snapshot that failed.
func noSnapshot(t *testing.T, file string) {
	t.Helper()
	if left, _ := filepath.Glob(file + "*"); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// Whatever becomes of the cluster and of the connections, each long command goes
// on, and loses, doubles and invents nothing.
func TestLongCommandsGoOn(t *testing.T) {
	for _, fault := range []struct {
		name    string
		options etcdserver.Options
		happens func(*testing.T, *faultyCluster)
	}{
		{"the leader is killed", etcdserver.Options{}, func(t *testing.T, c *faultyCluster) {
			t.Helper()
			leader := c.leader()
			follower, g, file := c.snapshotHeld((leader + 1) % 3)
			broken, dead, none := c.snapshotHeld(leader)
			c.server.Members[leader].Kill()
			dead.Release()
			if broken.WantEnd("status 5").WantStderr("Error: could not write snapshot: "); broken.Stdout.String() != "" {
				t.Errorf("snapshot save: stdout %q", broken.Stdout)
			}
			noSnapshot(t, none)
			g.Release()
			harness.WaitUntil(t, "there is another leader", func() bool { return put(t.Context(), c.client, "k/0", "after") != 0 })
			follower.WantEnd("status 0")
			wholeSnapshot(t, file)
			if err := c.server.Members[leader].Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}},
		// For longer than the leases live, and than requests may take.
		{"the leader and a follower are stopped and continued", etcdserver.Options{}, func(t *testing.T, c *faultyCluster) {
			t.Helper()
			leader := c.leader()
			snapshot, g, file := c.snapshotHeld(leader)
			g.Release()
			// A leader that was away for longer than a lease lives may revoke it when
			// it is back, though another has renewed it. What follows a member that
			// stops has to find another before its lease has gone.
			c.pause(c.server.Members[leader], leaseTTL*time.Second/2)
			c.pause(c.server.Members[(c.leader()+1)%3], (leaseTTL+1)*time.Second)
			snapshot.WantEnd("status 0")
			wholeSnapshot(t, file)
		}},
		{"the connections are cut", etcdserver.Options{}, func(t *testing.T, c *faultyCluster) {
			t.Helper()
			snapshot, held, none := c.snapshotHeld(0)
			held.Cut()
			snapshot.WantEnd("status 5").WantStderr("Error: could not write snapshot: ")
			noSnapshot(t, none)
			for range 5 {
				for _, g := range c.proxies {
					g.Cut()
				}
				time.Sleep(300 * time.Millisecond)
			}
		}},
		{"the logins expire and the connections are cut", etcdserver.Options{RootPassword: harness.RootPassword, TokenTTL: 2 * time.Second}, func(t *testing.T, c *faultyCluster) {
			t.Helper()
			time.Sleep(5 * time.Second)
			for _, g := range c.proxies {
				g.Cut()
			}
		}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			c := newFaultyCluster(t, fault.options)
			all := c.begin()
			fault.happens(t, c)
			for _, command := range all {
				command.finish()
				if t.Failed() {
					t.Fatalf("%s: stderr %q", command.name, command.run.Stderr)
				}
			}
		})
	}
}

// An output that cannot be written, a reader that has gone and an interrupt end
// each long command, with the reason and the status that fit, and leave nothing
// behind.
func TestLongCommandsEndWithTheReason(t *testing.T) {
	t.Parallel()
	c := newFaultyCluster(t, etcdserver.Options{})
	grant, err := c.client.Grant(t.Context(), 3600) // c.lease may end before its turn
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []struct {
		args        []string
		shows       string // once it is under way
		interrupted string // how it ends then
	}{
		{[]string{"watch", "k/", "--prefix", "--rev", "1"}, "k/", "signal interrupt"},
		{[]string{"get", "large/", "--prefix"}, "large/000000", "signal interrupt"},
		{[]string{"get", "large/", "--prefix", "-w", "csv"}, "large/000000", "signal interrupt"},
		{[]string{"lease", "keep-alive", fmt.Sprintf("%x", grant.ID)}, "keepalived", "signal interrupt"},
		{[]string{"lock", "name"}, "name/", "status 0"},
		{[]string{"lock", "name", "--", "sh", "-c", "echo begins; exec sleep 60"}, "begins", "status 255"},
		{[]string{"elect", "name", "me"}, "name/", "status 0"},
		{[]string{"elect", "name", "me", "--", "sh", "-c", "echo begins; exec sleep 60"}, "begins", "status 255"},
		{[]string{"elect", "leads", "--listen"}, "leads/", "status 0"},
		{[]string{"endpoint", "status", "--watch", "100ms"}, "false", "signal interrupt"},
		{[]string{"snapshot", "save", filepath.Join(c.dir, "saved.db"), "--pick", "any", "--quiet"}, "", ""},
	} {
		line := strings.Join(command.args, " ")
		if command.args[0] == "elect" {
			put(t.Context(), c.client, "leads/it", "it")
		}
		ends := func(r *harness.Process, want string, says string) {
			t.Helper()
			if r.WantEnd(want); r.Stderr.String() != says {
				t.Errorf("%s: stderr %q, want %q", line, r.Stderr, says)
			}
			if keys := c.keys("name"); len(keys) > 0 {
				t.Errorf("%s: %v are left", line, keys)
			}
		}
		runsOther := slices.Contains(command.args, "--") // the output is another program's
		if !runsOther {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			after := map[string]string{"lock name": "; the lock was released", "elect name me": "; the leadership was released"}[line]
			ends(harness.StartWritingTo(t, harness.Ectl(), c.env, full, command.args...), "status 6", "Error: write the output: write /dev/stdout: no space left on device"+after+"\n")
			full.Close()

			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			reader.Close()
			r := harness.StartWritingTo(t, harness.Ectl(), c.env, writer, command.args...)
			writer.Close()
			// Its lease goes when its time is over.
			if r.WantEnd("signal broken pipe"); r.Stderr.String() != "" {
				t.Errorf("%s: stderr %q", line, r.Stderr)
			}
			if _, err := c.client.Delete(t.Context(), "name/", clientv3.WithPrefix()); err != nil {
				t.Fatal(err)
			}
		}
		if command.shows == "" {
			continue
		}
		if command.args[0] == "get" {
			r, out := c.slowReader(command.args...)
			r.Signal(syscall.SIGINT).WantEnd(command.interrupted)
			text, _ := io.ReadAll(out)
			if whole := c.whole(command.args); len(text) >= len(whole) || !strings.HasPrefix(whole, string(text)) {
				t.Errorf("%s: what it printed is no beginning of the whole", line)
			}
			continue
		}
		says := ""
		if runsOther {
			says = "Error: sh: signal: interrupt\n"
		}
		ends(c.ours(command.args...).WaitFor(command.shows).Signal(syscall.SIGINT), command.interrupted, says)
	}
	// The disk that the copy goes to is full.
	file := filepath.Join(c.dir, "limited.db")
	harness.Start(t, "sh", append(slices.Clone(c.env), "PATH="+harness.EctlFolder()+":"+os.Getenv("PATH")),
		"-c", "ulimit -f 100; exec ectl snapshot save --pick any "+file).WantEnd("status 5").WantStderr("Error: could not write snapshot: ").WantStderr("file too large")
	noSnapshot(t, file)
	wholeSnapshot(t, filepath.Join(c.dir, "saved.db"))
	close(c.stop)
	c.writing.Wait()
}

// whole is the output of a command that ends.
func (c *faultyCluster) whole(args []string) string {
	c.t.Helper()
	r := harness.Run(c.t, harness.Command{Program: harness.Ectl(), Args: args, Env: c.env})
	if r.Status != "0" {
		c.t.Fatalf("%v: status %s: %s", args, r.Status, r.Stderr)
	}
	return r.Stdout
}

// A member that stops in the middle of a large range is given up for another
// after the command's timeout.
func TestALargeRangeIsReadOnFromAnotherMember(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.7.3", "3.6.16"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := newFaultyCluster(t, etcdserver.Options{Version: version})
			args := []string{"get", "large/", "--prefix", "-w", "csv", "--command-timeout", "2s"}
			whole := c.whole(args)
			before := make([]int64, len(c.proxies))
			for i, g := range c.proxies {
				before[i] = g.Sent()
			}
			r, out := c.slowReader(args...)
			var serving int
			harness.WaitUntil(t, "a member sends the range", func() bool {
				for i, g := range c.proxies {
					if g.Sent()-before[i] > 100<<10 {
						serving = i
						return true
					}
				}
				return false
			})
			if err := c.server.Members[serving].Pause(); err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(out)
			if err != nil {
				t.Fatal(err)
			}
			if r.WantEnd("status 0"); string(text) != whole {
				t.Errorf("%d bytes are not the %d of the range: stderr %q", len(text), len(whole), r.Stderr)
			}
			if err := c.server.Members[serving].Continue(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
