package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
)

// applier applies policies to one server.
type applier struct {
	t      *testing.T
	server *etcdserver.Server
	root   *clientv3.Client
	dir    string
}

func newApplier(t *testing.T, options etcdserver.Options) *applier {
	t.Helper()
	a := &applier{t: t, server: harness.StartServer(t, options), dir: t.TempDir()}
	user, password := "", ""
	if options.RootPassword != "" {
		user, password = "root", options.RootPassword
	}
	var err error
	if a.root, err = a.server.Client(user, password); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.root.Close() })
	return a
}

// cmd is ectl on the endpoint, as root where authentication is on.
func (a *applier) cmd(endpoint string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(harness.Ectl(), args...)
	cmd.Env = harness.Env(a.dir, "ETCDCTL_ENDPOINTS="+endpoint, "ETCDCTL_DIAL_TIMEOUT=1m")
	if !slices.Contains(args, "--command-timeout") {
		cmd.Env = append(cmd.Env, "ETCDCTL_COMMAND_TIMEOUT=1m")
	}
	if a.root.Username != "" {
		cmd.Env = append(cmd.Env, "ETCDCTL_USER=root:"+harness.RootPassword)
	}
	output := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = output, output
	return cmd, output
}

// apply runs "rbac apply" of the file and returns its exit status and what it
// printed.
func (a *applier) apply(endpoint, file string, args ...string) (status int, output string) {
	a.t.Helper()
	cmd, printed := a.cmd(endpoint, append([]string{"rbac", "apply", "-f", file, "--prune", "--yes"}, args...)...)
	err := cmd.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return 0, printed.String()
	case ended:
		return exit.ExitCode(), printed.String()
	}
	a.t.Fatal(err)
	return 0, ""
}

// state is what the server has.
func (a *applier) state() access.State {
	a.t.Helper()
	bound := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, harness.HangTimeout)
	}
	snapshot, err := reader.Read(a.t.Context(), a.root, bound)
	if err != nil {
		a.t.Fatal(err)
	}
	return snapshot.State
}

// set makes the server have s, and nothing else but root. Users have the
// password "pw" where they are in passwords.
func (a *applier) set(s access.State, withPassword bool) {
	a.t.Helper()
	must := func(err error) {
		a.t.Helper()
		if err != nil {
			a.t.Fatal(err)
		}
	}
	ctx := a.t.Context()
	now := a.state()
	for name := range now.Users {
		if name != access.RootUser {
			_, err := a.root.UserDelete(ctx, name)
			must(err)
		}
	}
	for name := range now.Roles {
		if name != access.RootRole {
			_, err := a.root.RoleDelete(ctx, name)
			must(err)
		}
	}
	for name, role := range s.Roles {
		if name == access.RootRole {
			continue
		}
		_, err := a.root.RoleAdd(ctx, name)
		must(err)
		for _, p := range role.Permissions {
			_, err := a.root.RoleGrantPermission(ctx, name, string(p.Range.Key), string(p.Range.End), reader.PermissionType(p.Access))
			must(err)
		}
	}
	for name, user := range s.Users {
		if name == access.RootUser {
			continue
		}
		_, err := a.root.UserAddWithOptions(ctx, name, "pw", &clientv3.UserAddOptions{NoPassword: !withPassword})
		must(err)
		for _, role := range user.Roles {
			_, err := a.root.UserGrantRole(ctx, name, role)
			must(err)
		}
	}
}

// policyFile writes the policy that s follows. Its users have no password.
func (a *applier) policyFile(s access.State) string {
	a.t.Helper()
	exported, err := policy.JSON(s)
	if err != nil {
		a.t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(exported, &document); err != nil {
		a.t.Fatal(err)
	}
	for name, user := range document["users"].(map[string]any) {
		if name != access.RootUser {
			user.(map[string]any)["password"] = "none"
		}
	}
	text, err := json.Marshal(document)
	if err != nil {
		a.t.Fatal(err)
	}
	file, err := os.CreateTemp(a.dir, "policy-*.json")
	if err != nil {
		a.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(text); err != nil {
		a.t.Fatal(err)
	}
	return file.Name()
}

// parsePolicy is the state that a policy with root describes.
func parsePolicy(t *testing.T, text string) access.State {
	t.Helper()
	p, err := policy.Parse(policy.Document{Name: "policy", Text: []byte("apiVersion: ectl/v1\n" + text + "\n  root: {roles: [root]}\n")})
	if err != nil {
		t.Fatal(err)
	}
	return p.State()
}

// outOfBounds reports whether a user lacks in now what both old and final allow,
// or has what neither does.
func outOfBounds(old, final, now access.State) error {
	for _, user := range slices.Concat(old.UserNames(), final.UserNames(), now.UserNames()) {
		before, after, at := old.Effective(user), final.Effective(user), now.Effective(user)
		for _, kind := range access.ReadWrite.Kinds() {
			if lost := before.Keys(kind).Intersection(after.Keys(kind)).Difference(at.Keys(kind)); !lost.IsEmpty() {
				return fmt.Errorf("%s cannot %s %s, which both policies allow", user, kind, lost)
			}
			if extra := at.Keys(kind).Difference(before.Keys(kind).Union(after.Keys(kind))); !extra.IsEmpty() {
				return fmt.Errorf("%s can %s %s, which neither policy allows", user, kind, extra)
			}
		}
	}
	return nil
}

// follows says what keeps the server's state now from being what s says.
func follows(s, now access.State) error {
	if !slices.Equal(s.UserNames(), now.UserNames()) || !slices.Equal(s.RoleNames(), now.RoleNames()) {
		return fmt.Errorf("there are the users %q and roles %q, want %q and %q", now.UserNames(), now.RoleNames(), s.UserNames(), s.RoleNames())
	}
	return outOfBounds(s, s, now)
}

// entangled are two policies whose way from one to the other has everything:
// roles and users that come and go, a permission that the server narrows in one
// step and one that it does not, and access that moves between roles so that no
// order of the changes alone would do.
func entangled(t *testing.T) (from, to access.State) {
	return parsePolicy(t, `
roles:
  gone: [{access: readwrite, prefix: /gone/}]
  app:
    - {access: readwrite, prefix: /app/}
    - {access: read, key: /n}
    - {access: readwrite, range: [/n, /o]}
  left: [{access: read, prefix: /a/}, {access: read, prefix: /h/}]
  right: [{access: read, prefix: /a/}]
users:
  moving: {roles: [right]}
  both: {roles: [left, right]}
  bob: {roles: [app, gone]}
  leaver: {roles: [gone]}`),
		parsePolicy(t, `
roles:
  app:
    - {access: read, prefix: /app/}
    - {access: read, key: /n}
    - {access: read, range: [/n, /o]}
    - {access: write, key: /log}
  new: [{access: readwrite, prefix: /gone/}, {access: read, from: /x}]
  left: [{access: read, prefix: /a/}]
  right: [{access: read, prefix: /a/}, {access: read, prefix: /h/}]
users:
  moving: {roles: [left]}
  both: {roles: [left, right]}
  bob: {roles: [app, new]}
  joiner: {roles: [new]}`)
}

// TestApplyThatIsKilledIsCompletedByTheNext kills apply before and after each
// of its changes in turn; with ECTL_SOAK, of all its requests. Whenever it dies,
// no user has lost or gained access against the bounds, and the next run completes it.
func TestApplyThatIsKilledIsCompletedByTheNext(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	from, to := entangled(t)
	file := a.policyFile(to)
	for n, kills := 1, 0; ; n++ {
		killed := false
		for _, after := range []bool{false, true} {
			a.set(from, false)
			cmd, output := a.cmd(proxy.Address, "rbac", "apply", "-f", file, "--prune", "--yes")
			var dead atomic.Bool
			var requests atomic.Int64
			proxy.ForgetChanges()
			proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
				number := rpc.Change
				if os.Getenv("ECTL_SOAK") != "" {
					number = int(requests.Add(1))
				}
				if number == n && after {
					_ = rpc.Forward(ctx)
				}
				if number == n {
					dead.Store(true)
					_ = cmd.Process.Kill()
				}
				if dead.Load() && number > 0 {
					return status.Error(codes.Unavailable, "the client is gone")
				}
				return rpc.Forward(ctx)
			}
			err := cmd.Run()
			if !dead.Load() {
				if err != nil {
					t.Fatalf("apply that was not killed: %v\n%s", err, output)
				}
				continue
			}
			killed = true
			kills++
			if err := outOfBounds(from, to, a.state()); err != nil {
				t.Errorf("killed at change %d (after: %t): %v", n, after, err)
			}
			if status, printed := a.apply(a.server.Endpoint(), file); status != 0 {
				t.Fatalf("the run after one that was killed at change %d (after: %t): status %d\n%s", n, after, status, printed)
			}
			if err := follows(to, a.state()); err != nil {
				t.Errorf("the run after one that was killed at change %d (after: %t): %v", n, after, err)
			}
		}
		if !killed {
			if kills < 40 {
				t.Errorf("apply was killed %d times only", kills)
			}
			return
		}
	}
}

// crowd is a policy of n users with as many roles.
func crowd(t *testing.T, n int) access.State {
	t.Helper()
	s := access.NewState()
	s.Roles[access.RootRole] = access.Role{Name: access.RootRole}
	s.Users[access.RootUser] = access.User{Name: access.RootUser, Roles: []string{access.RootRole}}
	for i := range n {
		role, user := fmt.Sprintf("role%d", i), fmt.Sprintf("user%d", i)
		key := []byte("/" + role + "/")
		s.Roles[role] = access.Role{Name: role, Permissions: []access.Permission{{Access: access.Read, Range: access.Range{Key: key, End: access.PrefixEnd(key)}}}}
		s.Users[user] = access.User{Name: user, Roles: []string{role}}
	}
	return s
}

// TestApplyStopsIfAnotherProcessChangesAccess lets another administrator add a
// user in the middle. apply sees it while it still has much to do.
func TestApplyStopsIfAnotherProcessChangesAccess(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	to := crowd(t, 100)
	file := a.policyFile(to)
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if rpc.Change == 20 {
			if _, err := a.root.UserAddWithOptions(ctx, "intruder", "", &clientv3.UserAddOptions{NoPassword: true}); err != nil {
				return err
			}
		}
		// It looks every half second: what follows takes several, on any machine.
		if rpc.Change > 0 {
			time.Sleep(40 * time.Millisecond)
		}
		if rpc.Change > 20 {
			time.Sleep(200 * time.Millisecond)
		}
		return rpc.Forward(ctx)
	}
	status, printed := a.apply(proxy.Address, file)
	if status != 1 || !strings.Contains(printed, "Error: another process has changed users or roles: the auth revision is ") {
		t.Errorf("status %d, want 1 and what happened:\n%s", status, printed)
	}
	if made := proxy.Changes(); made < 20 || made >= 350 {
		t.Errorf("%d of 400 changes were sent: want that it stopped in the middle", made)
	}
	if !strings.Contains(printed, "run the command again to do the rest") {
		t.Errorf("it does not say what to do:\n%s", printed)
	}
	// Run again, it goes by what is there now.
	if status, printed := a.apply(a.server.Endpoint(), file); status != 0 || !strings.Contains(printed, "- user intruder") {
		t.Errorf("run again: status %d\n%s", status, printed)
	}
	if err := follows(to, a.state()); err != nil {
		t.Error(err)
	}
}

// TestApplyDetectsAtTheEndThatAnotherProcessChangedAccess is for a change that
// comes so late that only the last look can see it.
func TestApplyDetectsAtTheEndThatAnotherProcessChangedAccess(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	file := a.policyFile(crowd(t, 1))
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		err := rpc.Forward(ctx)
		if rpc.Change == 4 {
			_, err = a.root.RoleAdd(ctx, "intruder")
		}
		return err
	}
	if status, printed := a.apply(proxy.Address, file); status != 1 || !strings.Contains(printed, "another process has changed users or roles") {
		t.Errorf("status %d, want 1 and what happened:\n%s", status, printed)
	}
}

// TestApplySurvivesTheLossOfTheLeader kills the leader in the middle. What was
// on its way is in doubt; apply looks, and does the rest.
func TestApplySurvivesTheLossOfTheLeader(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), Members: 3, RootPassword: harness.RootPassword})
	to := crowd(t, 100)
	file := a.policyFile(to)
	leader := -1
	for i, m := range a.server.Members {
		status, err := a.root.Status(t.Context(), m.ClientURL)
		if err != nil {
			t.Fatal(err)
		}
		if status.Leader == status.Header.MemberId {
			leader = i
		}
	}
	// apply talks to another member, which passes its changes on to the leader.
	follower := a.server.Members[(leader+1)%3]
	proxy := harness.NewRPCProxy(t, follower.ClientURL)
	var once sync.Once
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if rpc.Change == 50 {
			once.Do(a.server.Members[leader].Kill)
		}
		return rpc.Forward(ctx)
	}
	status, printed := a.apply(proxy.Address, file, "--command-timeout", harness.HangTimeout.String())
	if status != 0 || !strings.Contains(printed, "Applied: 400 added") {
		t.Fatalf("status %d, want 0 and all of it:\n%s", status, printed)
	}
	if err := follows(to, a.state()); err != nil {
		t.Error(err)
	}
}

// TestApplySurvivesLostAnswers loses the answer to some changes, and the
// request of others.
func TestApplySurvivesLostAnswers(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	from, to := entangled(t)
	a.set(from, false)
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if rpc.Change%7 == 3 {
			return status.Error(codes.Unavailable, "lost on the way")
		}
		err := rpc.Forward(ctx)
		if rpc.Change%5 == 4 {
			return status.Error(codes.Unavailable, "lost on the way back")
		}
		return err
	}
	if status, printed := a.apply(proxy.Address, a.policyFile(to)); status != 0 {
		t.Fatalf("status %d\n%s", status, printed)
	}
	if err := follows(to, a.state()); err != nil {
		t.Error(err)
	}
}

// TestApplyOutlivesItsToken makes the login's token expire in the middle.
func TestApplyOutlivesItsToken(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword, TokenTTL: time.Second})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	expired := make(chan struct{})
	var logins atomic.Int64
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		switch {
		case strings.HasSuffix(rpc.FullMethod, "/Authenticate"):
			logins.Add(1)
		case rpc.Change == 1:
			time.Sleep(4 * time.Second)
			close(expired)
		case rpc.Change > 1:
			<-expired
		}
		return rpc.Forward(ctx)
	}
	to := crowd(t, 3)
	if status, printed := a.apply(proxy.Address, a.policyFile(to), "--command-timeout", harness.HangTimeout.String()); status != 0 {
		t.Fatalf("status %d\n%s", status, printed)
	}
	if logins.Load() < 2 {
		t.Errorf("%d login: the token has not expired", logins.Load())
	}
	if err := follows(to, a.state()); err != nil {
		t.Error(err)
	}
}

// TestAccessAsCodeOnEveryServer goes from nothing to a policy, to another one
// and back to little, on every version, with authentication off and on, and
// with both kinds of tokens.
func TestAccessAsCodeOnEveryServer(t *testing.T) {
	f := harness.NewCertificates(t, t.TempDir())
	for _, version := range etcdserver.Versions() {
		for name, options := range map[string]etcdserver.Options{"auth off": {}, "auth on": {RootPassword: harness.RootPassword}, "auth on, JWT": {RootPassword: harness.RootPassword, Tokens: f.Tokens}} {
			t.Run(version+"/"+name, func(t *testing.T) {
				t.Parallel()
				options.Version, options.Dir = version, t.TempDir()
				password := options.RootPassword
				a := newApplier(t, options)
				from, to := entangled(t)
				for _, s := range []access.State{from, to, crowd(t, 10), from} {
					file := a.policyFile(s)
					if password == "" {
						// root is there only where authentication is on.
						text, err := os.ReadFile(file)
						if err != nil {
							t.Fatal(err)
						}
						if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(`"root":{"roles"`), []byte(`"root":{"password":"none","roles"`)), 0o600); err != nil {
							t.Fatal(err)
						}
					}
					if status, printed := a.apply(a.server.Endpoint(), file); status != 0 {
						t.Fatalf("status %d\n%s", status, printed)
					}
					a.settle()
					if err := follows(s, a.state()); err != nil {
						t.Error(err)
					}
					if status, printed := a.apply(a.server.Endpoint(), file); status != 0 || !strings.Contains(printed, "No changes: ") {
						t.Errorf("applied again: status %d\n%s", status, printed)
					}
				}
			})
		}
	}
}

// settle waits until the server takes root for root again: etcd 3.5 may not after
// another user was changed. It looks past the end of a buffer of recent writes and
// finds root as it was before the grant, until the next commit empties the buffer.
func (a *applier) settle() {
	a.t.Helper()
	harness.WaitUntil(a.t, "root may list users", func() bool {
		_, err := a.root.UserList(a.t.Context())
		if err != nil && !errors.Is(err, rpctypes.ErrPermissionDenied) {
			a.t.Fatal(err)
		}
		return err == nil
	})
}

// TestGeneratedPasswordsAreShownWhenALaterStepFails: the users are there, and
// no other process knows their passwords.
func TestGeneratedPasswordsAreShownWhenALaterStepFails(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	file := filepath.Join(a.dir, "generate.yaml")
	const text = "apiVersion: ectl/v1\nroles: {app: }\nusers: {bob: {roles: [app], password: {generate: true}}, eve: {password: none}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if strings.HasSuffix(rpc.FullMethod, "/UserGrantRole") {
			return rpctypes.ErrGRPCRoleNotFound
		}
		return rpc.Forward(ctx)
	}
	exit, printed := a.apply(proxy.Address, file)
	_, rest, found := strings.Cut(printed, "Password of bob: ")
	password, _, _ := strings.Cut(rest, "\n")
	if exit != 1 || !found || !strings.Contains(printed, "Error: etcdserver: role name not found (to grant role app to user bob)") || !strings.Contains(printed, "Not complete: 3 changes were made.") {
		t.Fatalf("status %d, want 1, the password, and what went wrong:\n%s", exit, printed)
	}
	if _, err := a.root.Authenticate(t.Context(), "bob", password); err != nil {
		t.Errorf("the password that was shown is not bob's: %v", err)
	}
	if exit, printed := a.apply(a.server.Endpoint(), file); exit != 0 || strings.Contains(printed, "Password of") {
		t.Errorf("the run after it: status %d, and\n%s", exit, printed)
	}
}

// TestApplyThatIsInterruptedSaysWhatItHasDone: what was sent is waited for, so
// that nothing is in doubt.
func TestApplyThatIsInterruptedSaysWhatItHasDone(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	proxy := harness.NewRPCProxy(t, a.server.Endpoint())
	to := crowd(t, 50)
	file := a.policyFile(to)
	cmd, printed := a.cmd(proxy.Address, "rbac", "apply", "-f", file, "--prune", "--yes")
	var once sync.Once
	proxy.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if rpc.Change > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		err := rpc.Forward(ctx)
		if rpc.Change >= 20 {
			once.Do(func() { _ = cmd.Process.Signal(os.Interrupt) })
		}
		return err
	}
	if how := harness.Ending(cmd.Run()); how != "signal interrupt" {
		t.Errorf("it ends with %s, want by the signal", how)
	}
	made := proxy.Changes()
	if made >= 200 || !strings.Contains(printed.String(), fmt.Sprintf("\n%d changes were made; run the command again to do the rest.\n", made)) || strings.Contains(printed.String(), "No answer") {
		t.Errorf("of 200 changes %d were sent, and it says\n%s", made, printed)
	}
	if status, printed := a.apply(a.server.Endpoint(), file); status != 0 {
		t.Fatalf("the run after it: status %d\n%s", status, printed)
	}
	if err := follows(to, a.state()); err != nil {
		t.Error(err)
	}
}

// TestPlansAreColouredForPeopleOnly: on a terminal, and unless they do not want
// it.
func TestPlansAreColouredForPeopleOnly(t *testing.T) {
	t.Parallel()
	a := newApplier(t, etcdserver.Options{Dir: t.TempDir()})
	file := filepath.Join(a.dir, "policy.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: ectl/v1\nroles: {app: }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const coloured = "\x1b[32m+ role app\x1b[0m"
	for name, test := range map[string]struct {
		terminal bool
		env      string
		want     bool
	}{
		"a terminal":                 {true, "TERM=xterm", true},
		"NO_COLOR":                   {true, "NO_COLOR=1", false},
		"a terminal without colours": {true, "TERM=dumb", false},
		"a pipe":                     {false, "TERM=xterm", false},
	} {
		cmd, output := a.cmd(a.server.Endpoint(), "rbac", "plan", "-f", file)
		cmd.Env = append(cmd.Env, test.env)
		if test.terminal {
			terminal := harness.NewTerminal(t, 24, 80)
			cmd.Stdout, cmd.Stderr = terminal.TTY, terminal.TTY
			terminal.Start(cmd)
			if end := terminal.End(); end != "status 0" {
				t.Fatalf("%s: it ends with %s", name, end)
			}
			output.WriteString(terminal.String())
		} else if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(output.String(), coloured); got != test.want || !strings.Contains(output.String(), "+ role app") {
			t.Errorf("%s: coloured %t, want %t:\n%q", name, got, test.want, output)
		}
	}
}
