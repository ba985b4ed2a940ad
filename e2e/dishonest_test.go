package e2e

import (
	"context"
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

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// trial is a command line that is run against a server that lies. In its words
// {n} is a number that no other run has, {dir} a folder of its own, {lease} the
// lease that before has made, {dest} another server that is honest, {ca} and {cakey}
// the files of the authority of its TLS.
type trial struct {
	line   string
	on     string // the server: "new", "old", "auth" or "scratch"
	stdin  string
	env    []string
	before func(ctx context.Context, client *clientv3.Client, n string) (lease string, err error)
	canned map[string]proto.Message
	// endless commands run until they are interrupted.
	endless bool
	// listing says that a lie about which keys there are ends with an error.
	listing bool
	// keys is the most lines that may be printed, 0 for any number.
	keys int
	// asDest has the dishonest server be the destination, not the source.
	asDest bool
	// secure has it speak TLS.
	secure bool
}

func canned(responses ...any) map[string]proto.Message {
	header := &pb.ResponseHeader{ClusterId: 1, MemberId: 2, Revision: 3, RaftTerm: 4}
	member := &pb.Member{ID: 2, Name: "default", PeerURLs: []string{"http://127.0.0.1:1"}, ClientURLs: []string{"http://127.0.0.1:2"}}
	members := []*pb.Member{member, {ID: 5, Name: "node5", PeerURLs: []string{"http://127.0.0.1:5"}, IsLearner: true}}
	all := map[string]proto.Message{
		"KV/Put":                   &pb.PutResponse{Header: header},
		"Cluster/MemberAdd":        &pb.MemberAddResponse{Header: header, Member: members[1], Members: members},
		"Cluster/MemberRemove":     &pb.MemberRemoveResponse{Header: header, Members: members[:1]},
		"Cluster/MemberUpdate":     &pb.MemberUpdateResponse{Header: header, Members: members},
		"Cluster/MemberPromote":    &pb.MemberPromoteResponse{Header: header, Members: members},
		"Maintenance/MoveLeader":   &pb.MoveLeaderResponse{Header: header},
		"Maintenance/Downgrade":    &pb.DowngradeResponse{Header: header, Version: "3.6.0"},
		"Maintenance/Defragment":   &pb.DefragmentResponse{Header: header},
		"Auth/AuthEnable":          &pb.AuthEnableResponse{Header: header},
		"Auth/AuthDisable":         &pb.AuthDisableResponse{Header: header},
		"Auth/Authenticate":        &pb.AuthenticateResponse{Header: header, Token: "token.1"},
		"Auth/UserAdd":             &pb.AuthUserAddResponse{Header: header},
		"Auth/UserGrantRole":       &pb.AuthUserGrantRoleResponse{Header: header},
		"Auth/RoleAdd":             &pb.AuthRoleAddResponse{Header: header},
		"Auth/RoleGrantPermission": &pb.AuthRoleGrantPermissionResponse{Header: header},
		"Auth/UserDelete":          &pb.AuthUserDeleteResponse{Header: header},
		"Auth/UserChangePassword":  &pb.AuthUserChangePasswordResponse{Header: header},
	}
	chosen := map[string]proto.Message{}
	for _, r := range responses {
		name, _ := r.(string)
		chosen["/etcdserverpb."+name] = all[name]
	}
	return chosen
}

func putScratch(ctx context.Context, client *clientv3.Client, n string) (string, error) {
	for i := range 3 {
		if _, err := client.Put(ctx, fmt.Sprintf("/scratch/%s/%d", n, i), "v"); err != nil {
			return "", err
		}
	}
	return "", nil
}

func grantScratchLease(ctx context.Context, client *clientv3.Client, n string) (string, error) {
	lease, err := client.Grant(ctx, 60)
	if err != nil {
		return "", err
	}
	_, err = client.Put(ctx, "/leased/"+n, "v", clientv3.WithLease(lease.ID))
	return strconv.FormatInt(int64(lease.ID), 16), err
}

func addUser(ctx context.Context, client *clientv3.Client, n string) (string, error) {
	if _, err := client.RoleAdd(ctx, "role"+n); err != nil {
		return "", err
	}
	if _, err := client.RoleGrantPermission(ctx, "role"+n, "/a/", "/a0", clientv3.PermissionType(clientv3.PermReadWrite)); err != nil {
		return "", err
	}
	if _, err := client.UserAdd(ctx, "user"+n, "pw"); err != nil {
		return "", err
	}
	_, err := client.UserGrantRole(ctx, "user"+n, "role"+n)
	return "", err
}

// trials are all commands that talk to a server.
func trials() []trial {
	alice := []string{"ETCDCTL_USER=alice:alicepw"}
	policy := "apiVersion: ectl/v1\nroles: {team: [{prefix: /a/, access: readwrite}], app: []}\nusers: {alice: {roles: [team, app]}}\n"
	var all []trial
	for _, on := range []string{"new", "old"} { // with RangeStream, and in pages
		all = append(all,
			trial{line: "get /data/ --prefix", on: on, listing: true},
			trial{line: "get /data/ --prefix -w ndjson --limit 7", on: on, listing: true, keys: 7},
			trial{line: "get /data/ --prefix -w ndjson --limit 150", on: on, listing: true, keys: 150},
			trial{line: "get /data/ --prefix --keys-only -w table", on: on, listing: true},
			trial{line: "ls /data/", on: on, listing: true},
			trial{line: "ls /data/ -R -l -w csv", on: on, listing: true},
			trial{line: "ls / --depth 2", on: on, listing: true},
			trial{line: "du /data/ --depth 2", on: on, listing: true},
			trial{line: "make-mirror {dest} --prefix /data/ --dest-prefix /copy/{n}/ --once", on: on, listing: true},
			trial{line: "make-mirror {dest} --prefix /data/ --dest-prefix /copy/{n}/ --once --prune --yes --checkpoint {dir}/c", on: on, listing: true},
			trial{line: "watch /data/ --prefix --rev 1", on: on, endless: true},
		)
	}
	return append(all,
		trial{line: "get /data/0/0", on: "new"},
		trial{line: "get /data/ --prefix --sort-by MODIFY --order DESCEND -w ndjson --limit 5", on: "new", listing: true, keys: 5},
		trial{line: "get /data/ --prefix --min-mod-rev 20 --max-mod-rev 60 -w json", on: "new"},
		trial{line: "get /data/ --prefix --count-only -w fields", on: "new"},
		trial{line: "get /data/ --from-key --rev 20 -w protobuf", on: "new", listing: true},
		trial{line: "get /data/0/0 -w yaml --fail-if-missing", on: "new"},
		trial{line: "put /scratch/{n}/0 v --prev-kv", on: "new", before: putScratch},
		trial{line: "put /scratch/{n}/x v --if-absent", on: "new"},
		trial{line: "put /scratch/{n}/0 v --if-rev 5 -w table", on: "new", before: putScratch},
		trial{line: "del /scratch/{n}/ --prefix --prev-kv", on: "new", before: putScratch},
		trial{line: "del /scratch/{n}/ --prefix --dry-run", on: "new", before: putScratch},
		trial{line: "del /scratch/{n}/ --prefix --max-keys 5 -w json", on: "new", before: putScratch},
		trial{line: "txn", on: "new", before: putScratch, stdin: "mod(\"/scratch/{n}/0\") > \"0\"\n\nput /scratch/{n}/1 w\nget /data/0/ --prefix\ndel /scratch/{n}/2 --prev-kv\n\nget x\n\n"},
		trial{line: "txn -w table", on: "new", stdin: "mod(\"/data/0/0\") = \"1\"\n\nget x\n\nget /data/1/ --prefix\n\n"},
		trial{line: "compaction --keep 1000000", on: "new"},
		trial{line: "compaction --keep 5", on: "scratch", before: putScratch},
		trial{line: "watch /data/0/0 --rev 1 --prev-kv -w json", on: "new", endless: true},
		trial{line: "watch /data/0/0 --rev 1 -- echo", on: "new", endless: true},
		trial{line: "watch /data/ --prefix --progress-notify", on: "new", endless: true},
		trial{line: "lease grant 60", on: "scratch"},
		trial{line: "lease revoke {lease}", on: "scratch", before: grantScratchLease},
		trial{line: "lease timetolive {lease} --keys", on: "scratch", before: grantScratchLease},
		trial{line: "lease list", on: "scratch", before: grantScratchLease},
		trial{line: "lease keep-alive {lease}", on: "scratch", before: grantScratchLease, endless: true},
		trial{line: "lease keep-alive {lease} --once", on: "scratch", before: grantScratchLease},
		trial{line: "lock lock{n} --ttl 5", on: "scratch", endless: true},
		trial{line: "lock lock{n} --ttl 5 -- echo held", on: "scratch"},
		trial{line: "lock queue --ttl 5", on: "new", endless: true}, // behind another
		trial{line: "elect election{n} me --ttl 5", on: "scratch", endless: true},
		trial{line: "elect election{n} me --ttl 5 -- echo leads", on: "scratch"},
		trial{line: "elect queue --listen", on: "new", endless: true},
		trial{line: "user add user{n}:pw --roles a,b", on: "scratch"},
		trial{line: "user add user{n}:pw", on: "scratch"},
		trial{line: "user get user{n} --detail", on: "scratch", before: addUser},
		trial{line: "user list", on: "auth"},
		trial{line: "user passwd user{n} --interactive=false", on: "scratch", stdin: "new\n", before: addUser},
		trial{line: "user grant-role user{n} role{n}", on: "scratch", before: addUser},
		trial{line: "user revoke-role user{n} role{n}", on: "scratch", before: addUser},
		trial{line: "user get-cert user{n} --out-file {dir}/c --out-key-file {dir}/k --ca-cert {ca} --ca-key {cakey}", on: "scratch", before: addUser, secure: true},
		trial{line: "user get-cert user{n} --out-file {dir}/c --out-key-file {dir}/k --ca-cert {ca} --ca-key {cakey} --create", on: "scratch", secure: true},
		trial{line: "user offboard user{n}", on: "scratch", before: addUser},
		trial{line: "user delete user{n}", on: "scratch", before: addUser},
		trial{line: "user check-password alice --interactive=false", on: "auth", stdin: "alicepw\n"},
		trial{line: "role add role{n} --key-prefix /x/ --read", on: "scratch"},
		trial{line: "role get role{n}", on: "scratch", before: addUser},
		trial{line: "role list -w table", on: "auth"},
		trial{line: "role grant-permission role{n} --prefix readwrite /b/", on: "scratch", before: addUser},
		trial{line: "role revoke-permission role{n} --prefix /a/", on: "scratch", before: addUser},
		trial{line: "role delete role{n}", on: "scratch", before: addUser},
		trial{line: "auth status", on: "auth"},
		trial{line: "auth enable", on: "new", canned: canned("Auth/AuthEnable")},
		trial{line: "auth enable --check --user root:pw", on: "new", canned: canned("Auth/AuthEnable", "Auth/AuthDisable", "Auth/Authenticate")},
		trial{line: "auth disable", on: "new", canned: canned("Auth/AuthDisable")},
		trial{line: "auth bootstrap --user root:pw", on: "new", canned: canned("Auth/AuthEnable", "Auth/AuthDisable", "Auth/Authenticate", "Auth/UserAdd", "Auth/UserGrantRole", "Auth/UserDelete", "Auth/UserChangePassword")},
		trial{line: "whoami", on: "auth", env: alice},
		trial{line: "ls / --depth 2", on: "auth", env: alice, listing: true},
		trial{line: "rbac matrix", on: "auth"},
		trial{line: "rbac lint", on: "auth"},
		trial{line: "rbac who-can read /app/ --prefix", on: "auth"},
		trial{line: "rbac can-i read /app/ --prefix --as alice", on: "auth"},
		trial{line: "rbac can-i read /app/x --live", on: "auth", env: alice},
		trial{line: "rbac export", on: "auth"},
		trial{line: "rbac plan -f -", on: "auth", stdin: policy},
		trial{line: "rbac apply -f - --yes", on: "auth", stdin: policy, canned: canned("Auth/RoleAdd", "Auth/RoleGrantPermission", "Auth/UserGrantRole")},
		trial{line: "rbac test -f - --cluster", on: "auth", stdin: policy + "expect: [alice can read prefix /app/]\n"},
		trial{line: "member list -w table", on: "new"},
		trial{line: "member add node5 --peer-urls http://127.0.0.1:5", on: "new", canned: canned("Cluster/MemberAdd")},
		trial{line: "member remove 5", on: "new", canned: canned("Cluster/MemberRemove")},
		trial{line: "member update 5 --peer-urls http://127.0.0.1:6", on: "new", canned: canned("Cluster/MemberUpdate")},
		trial{line: "member promote 5", on: "new", canned: canned("Cluster/MemberPromote")},
		trial{line: "move-leader 5", on: "new", canned: canned("Maintenance/MoveLeader")},
		trial{line: "downgrade validate 3.6", on: "new", canned: canned("Maintenance/Downgrade")},
		trial{line: "downgrade enable 3.6", on: "new", canned: canned("Maintenance/Downgrade")},
		trial{line: "downgrade cancel", on: "new", canned: canned("Maintenance/Downgrade")},
		trial{line: "endpoint status --cluster -w table", on: "new"},
		trial{line: "endpoint status -w json", on: "new"},
		trial{line: "endpoint health --cluster", on: "new"},
		trial{line: "endpoint hashkv --cluster", on: "new"},
		trial{line: "alarm list", on: "new"},
		trial{line: "alarm disarm", on: "new"},
		trial{line: "defrag --cluster --leader-last --min-free 0 --wait=1s", on: "new", canned: canned("Maintenance/Defragment")},
		trial{line: "snapshot save {dir}/s.db", on: "new"},
		trial{line: "check perf --duration 300ms --auto-compact --prefix /perf{n}/", on: "scratch"},
		trial{line: "check datascale --prefix /scale{n}/ -w json", on: "scratch", canned: canned("KV/Put")},
		trial{line: "make-mirror {dest} --prefix /data/ --dest-prefix /copy/{n}/", on: "new", endless: true},
		trial{line: "make-mirror {dest} --prefix /data/0/ --dest-prefix /copy/{n}/ --once --prune --yes", on: "scratch", asDest: true},
		trial{line: "__complete get /data/", on: "new"},
		trial{line: "__complete get /", on: "auth", env: alice},
		trial{line: "__complete user revoke-role alice x", on: "auth"},
		trial{line: "__complete role revoke-permission app /", on: "auth"},
		trial{line: "__complete role revoke-permission app /app/ /", on: "auth"},
	)
}

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
