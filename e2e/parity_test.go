package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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

// showsDifference checks that a case shows the deliberate difference of that ID
// and no other. A case that no longer differs is an error too.
func showsDifference(id string, reference, ours harness.Result) error {
	if reference.Stdout == ours.Stdout && reference.Status == ours.Status {
		return errors.New("no longer differs; take it out of docs/compatibility.md")
	}
	if precise, ok := differences[id]; ok {
		return precise(reference, ours)
	}
	return fmt.Errorf("no check is written for the difference %q", id)
}

// differences says for each deliberate difference what exactly differs, so that
// a listed difference does not hide another one.
var differences = map[string]func(reference, ours harness.Result) error{
	"prompts": func(reference, ours harness.Result) error {
		data := promptText.ReplaceAllString(reference.Stdout, "")
		switch {
		case data == reference.Stdout:
			return errors.New("the reference does not prompt")
		case data != ours.Stdout:
			return fmt.Errorf("without its prompts the reference's stdout is %q", data)
		case reference.Status != ours.Status:
			return errors.New("exit status differs")
		}
		return nil
	},
	"formats": func(reference, ours harness.Result) error {
		// A user without roles gives it nothing to refuse but the head line.
		if reference.Status == "0" && strings.HasPrefix(reference.Stdout, "User: ") && strings.Contains(ours.Stdout, "│") {
			return answered(ours)
		}
		// Nor gives a lease that is not there.
		if reference.Status == "0" && reference.Stdout == "" && strings.Contains(ours.Stdout, "expired or revoked │") {
			return nil
		}
		// It may have begun to print, prompts or the head of a result.
		if reference.Status != "4" || !strings.Contains(reference.Stderr, "not supported as output format") &&
			!strings.Contains(reference.Stderr, "marshal unsupported for type") {
			return errors.New("the reference does not refuse the format")
		}
		if ours.Status == "1" && (strings.Contains(ours.Stderr, "Error: etcdserver: ") || strings.HasPrefix(ours.Stderr, "Failed to get the ")) {
			return nil // there is no result, and it refuses to show that
		}
		return answered(ours)
	},
	"new-formats": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "4", "unsupported output format"),
			answered(ours))
	},
	"lock-in-lock": func(reference, ours harness.Result) error {
		return firstError(
			printedKey(reference, "outer/"),
			printedKey(ours, "inner/"))
	},
	"lock-lease": func(reference, ours harness.Result) error {
		return firstError(
			answered(reference),
			unless(reference.Stdout != "found 0 leases\n", "the reference leaves no lease"),
			printed(ours, "found 0 leases\n"))
	},
	"count-only": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "128", "--count-only is only for `--write-out=fields`"),
			answered(ours))
	},
	"stream-fallback": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "code = Unimplemented"),
			succeeded(ours))
	},
	"two-mistakes": func(reference, ours harness.Result) error {
		if reference.Status == "2" {
			return firstError(
				refused(reference, "2", "authentication failed"),
				refused(ours, "128", ""))
		}
		if !slices.Contains([]string{"1", "4", "128"}, reference.Status) || promptText.ReplaceAllString(reference.Stdout, "") != "" {
			return errors.New("the reference does not refuse the line for another mistake")
		}
		format := refused(ours, "4", "unsupported output format")
		conflict := refused(ours, "1", "is also set by the environment variable")
		valueOnly := refused(ours, "128", "--print-value-only works only with")
		empty := refused(ours, "128", " is empty: give a file name, or leave out the option")
		if format != nil && conflict != nil && valueOnly != nil && empty != nil {
			return errors.New("ours refuses neither the format nor the variable nor an empty file name")
		}
		return nil
	},
	"expired-certificate": func(_, ours harness.Result) error {
		return refused(ours, "128", "expired at")
	},
	"unreachable": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not hang")
		}
		return refused(ours, "1", "connection refused")
	},
	"keep-alive-reason": func(reference, ours harness.Result) error {
		return firstError(
			printed(reference, "lease 0000000000001234 expired or revoked.\n"),
			refused(ours, "2", "connection refused"))
	},
	"no-endpoints": func(reference, ours harness.Result) error {
		if reference.Status != "0" {
			return errors.New("the reference fails, too")
		}
		return refused(ours, "2", "no available endpoints")
	},
	"txn-panics": func(reference, ours harness.Result) error {
		panics := reference.Status == "2" && strings.Contains(reference.Stderr, "panic: ")
		// Asked for help, it prints some and waits for itself, for ever where it
		// looks after a login, too.
		waits := reference.Status == "2" && strings.Contains(reference.Stderr, "all goroutines are asleep") ||
			strings.HasPrefix(reference.Status, "killed")
		helps := waits && strings.Contains(reference.Stdout+reference.Stderr, "Usage:")
		titles := interactiveTitles.FindString(reference.Stdout)
		switch {
		case !panics && !helps || panics && reference.Stdout != titles:
			return errors.New("the reference does not panic")
		case ours.Status == "0" && panics:
			return answered(ours)
		case strings.Contains(reference.Stderr, "panic: bad value") && strings.Contains(ours.Stderr, "Error: "):
			return nil // it was a lease, and something behind it is wrong, too
		case !strings.HasPrefix(ours.Stdout, titles):
			return errors.New("ours does not print what the reference prints before")
		case !refusedLine.MatchString(ours.Stderr):
			return errors.New("ours does not name the line")
		}
		ours.Stdout = ours.Stdout[len(titles):]
		return refused(ours, "3", "")
	},
	"watch-key-twice": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "3", "error reading watch request line"),
			refused(ours, "128", "ETCDCTL_WATCH_KEY is set"))
	},
	"watch-command-words": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "5", "watcher range is empty"),
			refused(harness.Result{Status: ours.Status, Stderr: ours.Stderr}, "1", "command [\"false\" \"false\"] error"),
			answered(harness.Result{Status: "0", Stdout: ours.Stdout}))
	},
	"whole-line": func(reference, ours harness.Result) error {
		if ours.Status == "0" {
			return refused(reference, "2", "authentication failed")
		}
		return firstError(
			answered(reference),
			refused(ours, "2", "authentication failed"))
	},
	"empty-password": func(reference, ours harness.Result) error {
		return firstError(
			answered(reference),
			refused(ours, "128", "empty password"))
	},
	"login-left-out": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "user name is empty"),
			refused(ours, "128", " is empty: "))
	},
	"passwd-without-password": func(reference, ours harness.Result) error {
		return firstError(
			printed(reference, "Password updated\n"),
			refused(ours, "1", "password"))
	},
	"auth-enable-grants": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "role name already exists"),
			printed(ours, "Authentication Enabled\n"))
	},
	"all-at-once": func(reference, ours harness.Result) error {
		return firstError(
			refused(reference, "1", "context deadline exceeded"),
			answered(ours))
	},
	"snapshot-unreachable": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not hang")
		}
		return refused(ours, "5", "connection refused")
	},
	"datascale-tls": func(reference, ours harness.Result) error {
		if reference.Status != "1" || !strings.Contains(reference.Stdout, "client certificate error") {
			return errors.New("the reference can ask")
		}
		if ours.Status != "0" || !strings.Contains(ours.Stdout, "PASS: Approximate system memory used : ") {
			return errors.New("ours cannot ask")
		}
		return nil
	},
	"mirror-unreachable": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not hang")
		}
		return refused(ours, "1", "connection refused")
	},
	"mirror-into-itself": func(reference, ours harness.Result) error {
		if !strings.HasPrefix(reference.Status, "killed") {
			return errors.New("the reference does not copy without end")
		}
		return refused(ours, "128", "the same cluster")
	},
	"detail-json": func(reference, ours harness.Result) error {
		if json.Valid([]byte(reference.Stdout)) {
			return errors.New("the reference prints one JSON document")
		}
		if !json.Valid([]byte(ours.Stdout)) {
			return errors.New("ours is not one JSON document")
		}
		return firstError(answered(reference), answered(ours))
	},
}

// interactiveTitles are what "txn -i" prints between the parts.
var interactiveTitles = regexp.MustCompile(`^(?:compares:\n(?:success requests \(get, put, del\):\n(?:failure requests \(get, put, del\):\n)?)?)?`)

var refusedLine = regexp.MustCompile(`(?m)^Error: line [0-9]+: (?:malformed comparison|invalid comparison|invalid request): `)

// refused is nil where a program failed as it was meant to, without a result.
func refused(r harness.Result, status, reason string) error {
	if r.Status != status || r.Stdout != "" || !strings.Contains(r.Stderr, reason) {
		return fmt.Errorf("status %s and stdout %q, want status %s, no stdout and %q on stderr", r.Status, r.Stdout, status, reason)
	}
	return nil
}

// succeeded is nil where a program found nothing wrong, though it may not have
// found anything else either.
func succeeded(r harness.Result) error {
	if r.Status != "0" {
		return fmt.Errorf("status %s, want success", r.Status)
	}
	return nil
}

// answered is nil where a program gave a result.
func answered(r harness.Result) error {
	if r.Status != "0" || r.Stdout == "" {
		return fmt.Errorf("status %s and stdout %q, want a result", r.Status, r.Stdout)
	}
	return nil
}

// printed is nil where a program gave this result.
func printed(r harness.Result, stdout string) error {
	if r.Status != "0" || r.Stdout != stdout {
		return fmt.Errorf("status %s and stdout %q, want %q", r.Status, r.Stdout, stdout)
	}
	return nil
}

// printedKey is nil where a program printed one key of a queue.
func printedKey(r harness.Result, prefix string) error {
	if r.Status != "0" || !strings.HasPrefix(r.Stdout, prefix) || strings.Count(r.Stdout, "\n") != 1 {
		return fmt.Errorf("status %s and stdout %q, want a key below %s", r.Status, r.Stdout, prefix)
	}
	return nil
}

func unless(ok bool, problem string) error {
	if !ok {
		return errors.New(problem)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

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

// listedDifferences are the IDs in the first column of the table of deliberate
// differences.
func listedDifferences(t *testing.T) map[string]bool {
	t.Helper()
	listed := map[string]bool{}
	for _, row := range differenceRows(t) {
		listed[row.id] = true
		for _, file := range filesOf(row) {
			if _, err := os.Stat(harness.ProjectFile(file)); err != nil {
				t.Errorf("docs/compatibility.md, %s: %v", row.id, err)
			}
		}
	}
	if len(listed) == 0 {
		t.Fatal("docs/compatibility.md lists no differences")
	}
	for id := range maps.Keys(differences) {
		if !listed[id] {
			t.Errorf("the difference %q has a check but is not listed in docs/compatibility.md", id)
		}
	}
	return listed
}

type differenceRow struct{ id, test string }

var differencePattern = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|.*\\| ([^|]+) \\|$")

func differenceRows(t *testing.T) []differenceRow {
	t.Helper()
	var rows []differenceRow
	for _, m := range differencePattern.FindAllStringSubmatch(harness.MustRead(t, harness.ProjectFile("docs", "compatibility.md")), -1) {
		rows = append(rows, differenceRow{id: m[1], test: m[2]})
	}
	return rows
}

// filesOf are the files that a row names as its tests.
func filesOf(row differenceRow) []string {
	var files []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row.test, -1) {
		files = append(files, m[1])
	}
	return files
}

// shownElsewhere says whether a row names a test or script that shows the
// difference, for those that a single command line cannot show. A parity file
// does not count here: its cases count by themselves.
func shownElsewhere(t *testing.T, id string) bool {
	t.Helper()
	for _, row := range differenceRows(t) {
		if row.id == id {
			return slices.ContainsFunc(filesOf(row), func(file string) bool { return filepath.Ext(file) != ".txt" })
		}
	}
	return false
}
