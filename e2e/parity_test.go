package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/parity"
)

// groupsAtOnce bounds how many groups run side by side, each with two servers.
const groupsAtOnce = 2

// TestParity runs the command lines of testdata/parity through the reference
// etcdctl and through ours, each on a server of its own, and compares what they
// print on stdout, their exit status and what they leave on the server.
func TestParity(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "parity", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	listed := listedDifferences(t)
	var mu sync.Mutex
	shown := map[string]bool{}
	total, groupsRun := 0, 0
	slots := make(chan struct{}, groupsAtOnce)

	t.Run("group", func(t *testing.T) {
		for _, file := range files {
			group, err := parity.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			total += len(group.Cases)
			t.Run(group.Name, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				mu.Lock()
				groupsRun++
				mu.Unlock()
				run := newGroupRun(t, group)
				for _, c := range group.Cases {
					if c.Differs != "" {
						if !listed[c.Differs] {
							t.Errorf("%s:%d: %q is not listed in docs/compatibility.md", file, c.Line, c.Differs)
						}
						mu.Lock()
						shown[c.Differs] = true
						mu.Unlock()
					}
					run.check(t, file, c)
				}
				if !group.EffectsDiffer && !group.SameServer {
					run.compareServers(t)
				}
			})
		}
	})
	t.Logf("%d command lines compared", total)
	if total < 1000 {
		t.Errorf("only %d command lines are compared, there were over 1000 once", total)
	}
	if groupsRun < len(files) {
		return // -run chose some of them
	}
	for id := range listed {
		if !shown[id] && !shownElsewhere(t, id) {
			t.Errorf("docs/compatibility.md lists %q, but no case and no test shows it", id)
		}
	}
}

// side is one of the two programs with its server.
type side struct {
	program string
	server  *etcdserver.Server
	tmp     string
	vars    map[string]string
	added   []uint64 // members that cases have added, by ID
}

type groupRun struct {
	group           *parity.Group
	reference, ours side
	tls             bool
	password        string // root's, while authentication is on from the start
}

func newGroupRun(t *testing.T, group *parity.Group) *groupRun {
	t.Helper()
	fixtures := harness.NewCertificates(t, t.TempDir())
	options, rest, err := fixtures.ServerOptions(group.Server)
	if err != nil || len(rest) > 0 {
		t.Fatalf("bad server line %q: %v", group.Server, err)
	}
	options.EqualIdentity = !group.SameServer
	dead := harness.RefusingEndpoint(t)
	run := &groupRun{
		group:     group,
		reference: side{program: harness.Etcdctl()},
		ours:      side{program: harness.EctlAsEtcdctl()},
		tls:       options.TLS != nil,
		password:  options.RootPassword,
	}
	var starting sync.WaitGroup
	for _, s := range []*side{&run.reference, &run.ours} {
		s.tmp = t.TempDir()
		s.vars = fixtures.Variables()
		s.vars["TMP"], s.vars["DEAD"] = s.tmp, dead
		if group.SameServer && s == &run.ours {
			continue
		}
		starting.Go(func() {
			o := options
			o.Dir = filepath.Join(s.tmp, "etcd")
			if err := os.Mkdir(o.Dir, 0o700); err != nil {
				t.Error(err)
				return
			}
			server, err := etcdserver.Start(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(server.Stop)
			s.server = server
			s.vars["ENDPOINT"] = server.Endpoint()
		})
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	if group.SameServer {
		run.ours.server, run.ours.vars["ENDPOINT"] = run.reference.server, run.reference.vars["ENDPOINT"]
	}
	for _, s := range []*side{&run.reference, &run.ours} {
		if !group.SameServer || s == &run.reference {
			run.prepare(t, s)
		}
		if options.Tokens != nil {
			run.addTokens(t, s, fixtures)
		}
	}
	return run
}

// prepare grants the group's leases and runs its setup lines, with the
// reference on either server.
func (r *groupRun) prepare(t *testing.T, s *side) {
	t.Helper()
	client, err := s.server.Client(r.root())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, lease := range r.group.Leases {
		id, err := strconv.ParseInt(lease.ID, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		ttl, err := strconv.ParseInt(lease.TTL, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if err := grantLease(t.Context(), client, id, ttl); err != nil {
			t.Fatalf("grant lease %s: %v", lease.ID, err)
		}
	}
	env := []string{"ETCDCTL_ENDPOINTS=" + s.server.Endpoint()}
	if r.tls {
		env = append(env, "ETCDCTL_CACERT="+s.vars["CACERT"],
			"ETCDCTL_CERT="+s.vars["CERT_noname"], "ETCDCTL_KEY="+s.vars["KEY_noname"])
	}
	if r.password != "" {
		env = append(env, "ETCDCTL_USER=root:"+r.password)
	}
	for _, words := range r.group.Setup {
		got := harness.Run(t, harness.Command{
			Program: r.reference.program, Args: words, Env: harness.Env(s.tmp, env...), Dir: s.tmp,
		})
		if got.Status != "0" {
			t.Fatalf("setup %q: status %s\n%s", words, got.Status, got.Stderr)
		}
	}
}

// addTokens makes the group's tokens known: of root and of alice, and root's
// with an expiry in the past and of a time before the last change of users.
func (r *groupRun) addTokens(t *testing.T, s *side, f *harness.Certificates) {
	t.Helper()
	user, password := r.root()
	revision, err := s.server.AuthRevision(t.Context(), user, password)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]struct {
		user     string
		revision uint64
		ttl      time.Duration
	}{
		"TOKEN_root":    {"root", revision, time.Hour},
		"TOKEN_alice":   {"alice", revision, time.Hour},
		"TOKEN_expired": {"root", revision, -time.Hour},
		"TOKEN_old":     {"root", 1, time.Hour},
	} {
		if s.vars[name], err = f.Tokens.Sign(token.user, token.revision, token.ttl); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *groupRun) root() (user, password string) {
	if r.password == "" {
		return "", ""
	}
	return "root", r.password
}

// run runs one case on one side.
func (r *groupRun) run(t *testing.T, s *side, c parity.Case) harness.Result {
	t.Helper()
	assigned, args, err := c.Command(func(name string) (string, bool) {
		if value, ok := s.vars[name]; ok {
			return value, true
		}
		return r.memberVariable(t, s, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	env := slices.Concat(r.group.Env, assigned)
	setUnlessGiven := func(variable, flag, value string) {
		given := slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, variable+"=") }) ||
			slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
		if !given {
			env = append(env, variable+"="+value)
		}
	}
	endpoint := s.server.Endpoint()
	if r.group.SameServer {
		endpoint = s.server.Endpoints()[0] // headers say who answered
	}
	setUnlessGiven("ETCDCTL_ENDPOINTS", "--endpoints", endpoint)
	if r.tls {
		setUnlessGiven("ETCDCTL_CACERT", "--cacert", s.vars["CACERT"])
	}
	// A command may call the program that runs it.
	env = append(env, "PATH="+filepath.Dir(s.program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	in := harness.Command{
		Program:   s.program,
		Args:      args,
		Env:       harness.Env(s.tmp, env...),
		Dir:       s.tmp,
		Stdin:     c.Stdin,
		Interrupt: c.Interrupt,
	}
	if s.program == r.reference.program {
		in.Limit = c.Limit
	}
	for _, a := range c.Terminal {
		in.Terminal = append(in.Terminal, harness.Answer(a))
	}
	return harness.Run(t, in)
}

func (r *groupRun) check(t *testing.T, file string, c parity.Case) {
	t.Helper()
	if r.group.Settle {
		r.settle(t)
	}
	reference, ours := r.runBoth(t, c)

	fail := func(problem string) {
		t.Helper()
		t.Errorf("%s:%d: %s: %s\nreference: status %s\n%s\nours: status %s\n%s", file, c.Line, c.Text, problem,
			reference.Status, indent(reference), ours.Status, indent(ours))
	}
	if c.Differs != "" {
		if c.StatusOnly {
			fail("status-only and differs exclude each other")
		}
		if err := showsDifference(c.Differs, reference, ours); err != nil {
			fail(err.Error())
		}
		return
	}
	switch {
	case strings.HasPrefix(reference.Status, "killed"):
		fail("the reference hangs")
	case reference.Status != ours.Status:
		fail("exit status differs")
	case c.StatusOnly && (reference.Stdout == "") != (ours.Stdout == ""):
		fail("only one of the two prints anything on stdout")
	case !c.StatusOnly && reference.Stdout != ours.Stdout:
		fail("stdout differs:\n" + cmp.Diff(reference.Stdout, ours.Stdout))
	case ours.Status != "0" && ours.Stderr == "":
		fail("ours fails without a word")
	}
	if line := serverError(reference.Stderr); line != "" && !hasLineWithPrefix(ours.Stderr, line) {
		fail("the server's error is not at the start of a line of our stderr: " + line)
	}
}

func indent(r harness.Result) string {
	text := "stdout: " + strconv.Quote(r.Stdout) + "\nstderr: " + strconv.Quote(r.Stderr)
	if r.Terminal != "" {
		text += "\nterminal: " + strconv.Quote(r.Terminal)
	}
	return text
}

// serverError is the line of the reference's stderr that came from the server.
func serverError(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "Error: etcdserver: ") {
			return strings.TrimRight(line, "\n")
		}
	}
	return ""
}

func hasLineWithPrefix(text, prefix string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

var promptText = regexp.MustCompile(`(?:(?:Destination )?Password: |Password of .*: |Type password of .* again for confirmation: )\n`)

// compareServers checks that both programs left the same keys, users and roles.
func (r *groupRun) compareServers(t *testing.T) {
	t.Helper()
	want, err := r.contents(t.Context(), r.reference.server)
	if err != nil {
		t.Fatalf("read the reference's server: %v", err)
	}
	got, err := r.contents(t.Context(), r.ours.server)
	if err != nil {
		t.Fatalf("read our server: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: the programs leave the server different (-reference +ours):\n%s", r.group.Name, diff)
	}
}

// contents describes everything that the commands under test can change.
func (r *groupRun) contents(ctx context.Context, server *etcdserver.Server) ([]string, error) {
	client, err := server.Client(r.root())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, harness.HangTimeout)
	defer cancel()
	var lines []string
	auth, err := client.AuthStatus(ctx)
	switch {
	case status.Code(err) == codes.Unimplemented: // before 3.5
	case err != nil:
		return nil, err
	default:
		lines = append(lines, fmt.Sprintf("auth %t revision %d", auth.Enabled, auth.AuthRevision))
	}
	keys, err := client.Get(ctx, "\x00", clientv3.WithFromKey())
	if err != nil {
		return nil, err
	}
	lines = append(lines, fmt.Sprintf("revision %d", keys.Header.Revision))
	for _, kv := range keys.Kvs {
		lines = append(lines, fmt.Sprintf("key %q = %q create %d mod %d version %d lease %x",
			kv.Key, kv.Value, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease))
	}
	users, err := client.UserList(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range users.Users {
		user, err := client.UserGet(ctx, name)
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("user %q roles %q", name, user.Roles))
	}
	roles, err := client.RoleList(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range roles.Roles {
		role, err := client.RoleGet(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, p := range role.Perm {
			lines = append(lines, fmt.Sprintf("role %q %v %q %q", name, p.PermType, p.Key, p.RangeEnd))
		}
		lines = append(lines, fmt.Sprintf("role %q", name))
	}
	return lines, nil
}
