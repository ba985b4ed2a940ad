package e2e

import (
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// stage are the honest servers that dishonest ones stand in front of.
type stage struct {
	servers   map[string]*etcdserver.Server
	clients   map[string]*clientv3.Client
	backs     map[string]*grpc.ClientConn
	authority *testpki.Authority
	count     atomic.Int64
}

func newStage(t *testing.T) *stage {
	t.Helper()
	authority, err := testpki.NewAuthority(t.TempDir(), "authority")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{
		servers: map[string]*etcdserver.Server{}, clients: map[string]*clientv3.Client{}, backs: map[string]*grpc.ClientConn{}, authority: authority,
	}
	for name, options := range map[string]etcdserver.Options{
		"new": {}, "old": {Version: "3.5.35"}, "scratch": {}, "auth": {RootPassword: harness.RootPassword},
	} {
		server := harness.StartServer(t, options)
		user, password := "", ""
		if name == "auth" {
			user, password = "root", harness.RootPassword
		}
		client, err := server.Client(user, password)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		s.servers[name], s.clients[name], s.backs[name] = server, client, harness.DialServer(t, server.Endpoint())
		s.fill(t, name)
	}
	return s
}

// fill writes 300 keys of some levels, users and roles, and a queue of a lock.
func (s *stage) fill(t *testing.T, name string) {
	t.Helper()
	client := s.clients[name]
	var ops []clientv3.Op
	for i := range 300 {
		ops = append(ops, clientv3.OpPut(fmt.Sprintf("/data/%d/%d", i%3, i), fmt.Sprintf("value %d", i)))
	}
	for some := range slices.Chunk(ops, 100) {
		if _, err := client.Txn(t.Context()).Then(some...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 { // something has happened
		must(client.Put(t.Context(), "/data/0/0", strconv.Itoa(i)))
	}
	must(client.Put(t.Context(), "queue/1", "first"))
	must(client.Put(t.Context(), "/app/x", "v"))
	for _, role := range []string{"a", "b", "app"} {
		must(client.RoleAdd(t.Context(), role))
	}
	must(client.RoleGrantPermission(t.Context(), "app", "/app/", "/app0", clientv3.PermissionType(clientv3.PermReadWrite)))
	must(client.RoleGrantPermission(t.Context(), "app", "/data/1/", "/data/10", clientv3.PermissionType(clientv3.PermRead)))
	if name == "new" {
		must(client.RoleAdd(t.Context(), "root"))
		must(client.UserAdd(t.Context(), "root", "pw"))
		must(client.UserGrantRole(t.Context(), "root", "root"))
	}
	must(client.UserAdd(t.Context(), "alice", "alicepw"))
	must(client.UserGrantRole(t.Context(), "alice", "app"))
}

// outcome is what a run of a trial has come to.
type outcome struct {
	report
	status string
	stdout capped
	stderr capped
	wall   time.Duration
	cpu    time.Duration
	memory int64 // peak, in bytes
	hung   bool
}

// capped keeps the beginning of what is written and counts all of it.
type capped struct {
	mu    sync.Mutex
	text  []byte
	lines int
	size  int64
}

const keptOutput = 1 << 20

func (c *capped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines += strings.Count(string(p), "\n")
	c.size += int64(len(p))
	c.text = append(c.text, p[:min(len(p), keptOutput-len(c.text))]...)
	return len(p), nil
}

func (c *capped) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}

const (
	// watched is how long an endless command is looked at.
	watched = time.Second
	// tooLong is when a command hangs.
	tooLong = 90 * time.Second
)

// perform runs a trial against a server that tells a lie, or with nil the truth.
func (s *stage) perform(t *testing.T, d *dishonestServer, tr trial, l *lie) (*outcome, error) {
	t.Helper()
	n := strconv.FormatInt(s.count.Add(1), 10)
	dir, err := os.MkdirTemp("", "dishonest") //nolint:usetesting // removed at once: there are thousands
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	lease := ""
	if tr.before != nil {
		if lease, err = tr.before(t.Context(), s.clients[tr.on], n); err != nil {
			return nil, fmt.Errorf("before: %w", err)
		}
	}
	dest, source := strings.TrimPrefix(s.servers["scratch"].Endpoint(), "http://"), d.endpoint
	if tr.asDest {
		dest, source = d.endpoint, strings.TrimPrefix(s.servers["new"].Endpoint(), "http://")
	}
	if tr.secure {
		source = "https://" + d.secure
	}
	fill := strings.NewReplacer("{n}", n, "{dir}", dir, "{lease}", lease, "{dest}", dest, "{ca}", s.authority.CertFile(), "{cakey}", s.authority.KeyFile())
	env := harness.Env(dir, "ETCDCTL_ENDPOINTS="+source, "ETCDCTL_COMMAND_TIMEOUT=2s")
	if tr.secure {
		env = append(env, "ETCDCTL_CACERT="+s.authority.CertFile())
	}
	if tr.on == "auth" {
		user := []string{"ETCDCTL_USER=root:" + harness.RootPassword}
		if tr.env != nil {
			user = tr.env
		}
		env = append(env, user...)
	}
	d.begin(s.backs[tr.on], l, tr.canned)
	o := &outcome{}
	cmd := exec.Command(harness.Ectl(), strings.Fields(fill.Replace(tr.line))...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = env, dir, time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(fill.Replace(tr.stdin)), &o.stdout, &o.stderr
	if tr.endless {
		cmd.Stdin = neverEnding(t)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	memory := peakMemory(cmd.Process.Pid)
	if tr.endless {
		timer := time.AfterFunc(watched, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
		defer timer.Stop()
	}
	killer := time.AfterFunc(tooLong, func() {
		o.hung = true
		_ = cmd.Process.Signal(syscall.SIGQUIT) // its stack says where
	})
	o.status = harness.Ending(cmd.Wait())
	killer.Stop()
	o.wall, o.report = time.Since(start), d.report()
	o.memory = memory()
	o.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return o, nil
}

// peakMemory looks again and again at the most memory that a process has taken,
// until the returned function is called, which returns it. What the kernel reports
// at the end counts the memory of the test, from which the process was forked.
func peakMemory(pid int) func() int64 {
	peak, stop := make(chan int64), make(chan struct{})
	go func() {
		most, tick := int64(0), time.NewTicker(5*time.Millisecond)
		defer tick.Stop()
		for {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if _, after, found := strings.Cut(string(status), "VmHWM:"); found {
				var kilobytes int64
				_, _ = fmt.Sscan(after, &kilobytes)
				most = max(most, kilobytes<<10)
			}
			select {
			case <-tick.C:
			case <-stop:
				peak <- most
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-peak
	}
}

// neverEnding is standard input that has nothing to read.
func neverEnding(t *testing.T) io.Reader {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return r
}

const (
	maxMemory   = 300 << 20
	maxCPU      = 1 * time.Second // of an endless command, most of it for the start
	maxRequests = 2000
)

// faults returns what is wrong with an outcome, nothing if it is as it should
// be. honest is what the command prints with an honest server: it may have got
// there another way, from a stream that was too slow to pages.
func (o *outcome) faults(tr trial, l *lie, honest string) (faults []string) {
	stderr := o.stderr.String()
	if o.hung {
		faults = append(faults, "it hangs")
	}
	if strings.Contains(stderr, "panic:") || strings.Contains(stderr, "goroutine ") || o.status == "status 70" {
		faults = append(faults, "it panics")
	}
	if tr.endless && o.cpu > maxCPU {
		faults = append(faults, fmt.Sprintf("it was busy for %s of %s", o.cpu, o.wall))
	}
	if o.requests > maxRequests && !strings.Contains(tr.line, "check ") && !strings.Contains(l.name, "very many") {
		faults = append(faults, fmt.Sprintf("it sent %d requests", o.requests))
	}
	if o.memory > maxMemory {
		faults = append(faults, fmt.Sprintf("it took %d MiB", o.memory>>20))
	}
	if tr.keys > 0 && o.stdout.lines > tr.keys {
		faults = append(faults, fmt.Sprintf("it printed %d keys, the limit is %d", o.stdout.lines, tr.keys))
	}
	if o.told && tr.listing && l.list && !o.isRefusal(stderr) && (o.status != "status 0" || o.stdout.String() != honest) {
		faults = append(faults, "it takes the listing for whole")
	}
	return faults
}

// isRefusal reports whether a listing was not taken for whole.
func (o *outcome) isRefusal(stderr string) bool {
	return o.status == "status 1" && (strings.Contains(stderr, "incomplete") || strings.Contains(stderr, "deadline exceeded"))
}

// TestNoResponseOfAServerBreaksACommand has each command meet a server that
// leaves out, doubles, reorders and inflates each field of each response, and
// the messages of streams. No command panics, hangs, is busy without end, takes
// much memory, prints more keys than were asked for, or takes a listing for
// whole that is not.
//
// By default a part of the lies is told, always the same one. With ECTL_SOAK=1 all
// are. ECTL_LIE tells those alone whose name contains it.
func TestNoResponseOfAServerBreaksACommand(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	type run struct {
		trial  trial
		lie    *lie
		honest string // what the command prints with an honest server
	}
	const oneIn = 40
	workers := 2
	if os.Getenv("ECTL_SOAK") != "" {
		workers = 4 // most of the time is spent on waiting
	}
	soak, only := os.Getenv("ECTL_SOAK") != "", os.Getenv("ECTL_LIE")
	part, parts := 0, 1 // of a long run
	_, _ = fmt.Sscanf(os.Getenv("ECTL_LIE_PART"), "%d/%d", &part, &parts)
	servers := make([]*dishonestServer, workers)
	for i := range servers {
		servers[i] = newDishonestServer(t)
		servers[i].serveTLS(t, s.authority)
	}
	chosen := func(tr trial, l lie) bool {
		name := tr.on + " " + tr.line + " / " + l.name
		if only != "" {
			return strings.Contains(name, only)
		}
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(name))
		return soak && hash.Sum32()/oneIn%uint32(parts) == uint32(part) || !soak && hash.Sum32()%oneIn == 0
	}
	work := func(n int, do func(d *dishonestServer, i int)) {
		var next atomic.Int64
		var working sync.WaitGroup
		for _, d := range servers {
			working.Go(func() {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					do(d, i)
				}
			})
		}
		working.Wait()
	}

	// What the commands ask an honest server is what can be lied about.
	all := trials()
	runs := make([][]run, len(all))
	work(len(all), func(d *dishonestServer, i int) {
		tr := all[i]
		var honest *outcome
		for range 10 { // a busy machine may miss the deadline of a completion
			var err error
			if honest, err = s.perform(t, d, tr, nil); err != nil {
				t.Errorf("%s: %v", tr.line, err)
				return
			}
			if len(honest.calls) > 0 {
				break
			}
		}
		if faults := honest.faults(tr, &lie{}, ""); len(faults) > 0 || len(honest.calls) == 0 {
			t.Errorf("%s, on an honest server: %s: status %s, stderr %q", tr.line, strings.Join(faults, ", "), honest.status, honest.stderr.String())
		}
		if only != "" {
			t.Logf("%s %s: honest: %s in %s, %d MiB, cpu %s, calls %v, stderr %q", tr.on, tr.line, honest.status, honest.wall, honest.memory>>20, honest.cpu, honest.calls, honest.stderr.String())
		}
		for method, responses := range honest.honest {
			lies := liesAbout(method, 1)
			if len(responses) > 1 {
				lies = append(lies, liesAbout(method, 2)...)
			}
			for _, l := range lies {
				if chosen(tr, l) && l.differs(responses) {
					runs[i] = append(runs[i], run{tr, &l, honest.stdout.String()})
				}
			}
		}
		if honest.calls[metricsMethod] > 0 {
			for _, l := range liesAboutMetrics() {
				if chosen(tr, l) {
					runs[i] = append(runs[i], run{tr, &l, honest.stdout.String()})
				}
			}
		}
		slices.SortFunc(runs[i], func(a, b run) int { return strings.Compare(a.lie.name, b.lie.name) })
	})

	todo := slices.Concat(runs...)
	var told atomic.Int64
	work(len(todo), func(d *dishonestServer, i int) {
		r := todo[i]
		o, err := s.perform(t, d, r.trial, r.lie)
		if err != nil {
			t.Errorf("%s: %v", r.trial.line, err)
			return
		}
		if o.told {
			told.Add(1)
		}
		if only != "" {
			t.Logf("%s / %s: told %t, %s in %s, stderr %q", r.trial.line, r.lie.name, o.told, o.status, o.wall, o.stderr.String())
		}
		if faults := o.faults(r.trial, r.lie, r.honest); len(faults) > 0 {
			stderr := o.stderr.String()
			t.Errorf("%s %s, if %s: %s: %s, %d lines, stderr %.3000q", r.trial.on, r.trial.line, r.lie.name, strings.Join(faults, ", "), o.status, o.stdout.lines, stderr)
			if dir := os.Getenv("ECTL_LIE_STDERR"); dir != "" {
				_ = os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), []byte(r.trial.line+"\n"+r.lie.name+"\n"+stderr), 0o600)
			}
		}
	})
	t.Logf("%d lies were to be told, %d were", len(todo), told.Load())
	if len(todo) > 0 && only == "" && told.Load() < int64(len(todo)/2) {
		t.Errorf("only %d of %d lies were told: what is tested", told.Load(), len(todo))
	}
}
