package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
)

// fakeServer has users and roles as a server has.
type fakeServer struct {
	clientv3.Auth

	// before is called for each change, from 1, before it is made. Its error is
	// the answer in place of the change; after's in place of the answer.
	before, after func(number int) error

	meanwhile func() // between the plan and its execution

	old bool // before 3.5: it does not tell the revision

	mu       sync.Mutex
	state    access.State
	revision uint64
	changes  int
	running  int
	most     int // changes at once
}

func newFakeServer() *fakeServer {
	none := func(int) error { return nil }
	s := &fakeServer{before: none, after: none, state: access.NewState(), revision: 1}
	s.state.Roles[access.RootRole] = access.Role{Name: access.RootRole}
	s.state.Users[access.RootUser] = access.User{Name: access.RootUser, Roles: []string{access.RootRole}}
	return s
}

// change makes one change, which takes a moment.
func (s *fakeServer) change(step plan.Step, possible bool) error {
	s.mu.Lock()
	s.changes++
	number := s.changes
	s.running++
	s.most = max(s.most, s.running)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	time.Sleep(time.Millisecond)
	if err := s.before(number); err != nil {
		return err
	}
	s.mu.Lock()
	if _, there := s.state.Roles[step.Role]; step.Role != "" && step.Verb != plan.AddRole && !there {
		s.mu.Unlock()
		return rpctypes.ErrRoleNotFound
	}
	if _, there := s.state.Users[step.User]; step.User != "" && (step.Verb == plan.AddUser) == there {
		s.mu.Unlock()
		return rpctypes.ErrUserNotFound
	}
	if possible {
		step.Do(s.state)
	}
	s.revision++
	s.mu.Unlock()
	return s.after(number)
}

func (s *fakeServer) AuthStatus(context.Context) (*clientv3.AuthStatusResponse, error) {
	if s.old {
		return nil, status.Error(codes.Unimplemented, "unknown method")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &clientv3.AuthStatusResponse{Enabled: true, AuthRevision: s.revision}, nil
}

func (s *fakeServer) UserList(context.Context) (*clientv3.AuthUserListResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &clientv3.AuthUserListResponse{Users: s.state.UserNames()}, nil
}

func (s *fakeServer) RoleList(context.Context) (*clientv3.AuthRoleListResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &clientv3.AuthRoleListResponse{Roles: s.state.RoleNames()}, nil
}

func (s *fakeServer) UserGet(_ context.Context, name string) (*clientv3.AuthUserGetResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &clientv3.AuthUserGetResponse{Roles: s.state.Users[name].Roles}, nil
}

func (s *fakeServer) RoleGet(_ context.Context, name string) (*clientv3.AuthRoleGetResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response := &clientv3.AuthRoleGetResponse{}
	for _, p := range s.state.Roles[name].Permissions {
		kind := authpb.Permission_Type(reader.PermissionType(p.Access))
		response.Perm = append(response.Perm, &authpb.Permission{PermType: kind, Key: p.Range.Key, RangeEnd: p.Range.End})
	}
	return response, nil
}

func (s *fakeServer) RoleAdd(_ context.Context, name string) (*clientv3.AuthRoleAddResponse, error) {
	return nil, s.change(plan.Step{Verb: plan.AddRole, Role: name}, true)
}

func (s *fakeServer) RoleDelete(_ context.Context, name string) (*clientv3.AuthRoleDeleteResponse, error) {
	return nil, s.change(plan.Step{Verb: plan.DeleteRole, Role: name}, true)
}

func (s *fakeServer) RoleGrantPermission(_ context.Context, name, key, end string, kind clientv3.PermissionType) (*clientv3.AuthRoleGrantPermissionResponse, error) {
	p := reader.Permission(&authpb.Permission{PermType: authpb.Permission_Type(kind), Key: []byte(key), RangeEnd: []byte(end)})
	return nil, s.change(plan.Step{Verb: plan.GrantKeys, Role: name, Permission: p}, name != "stubborn")
}

func (s *fakeServer) UserAddWithOptions(_ context.Context, name, _ string, _ *clientv3.UserAddOptions) (*clientv3.AuthUserAddResponse, error) {
	return nil, s.change(plan.Step{Verb: plan.AddUser, User: name}, true)
}

func (s *fakeServer) UserDelete(_ context.Context, name string) (*clientv3.AuthUserDeleteResponse, error) {
	return nil, s.change(plan.Step{Verb: plan.DeleteUser, User: name}, true)
}

func (s *fakeServer) UserGrantRole(_ context.Context, user, role string) (*clientv3.AuthUserGrantRoleResponse, error) {
	return nil, s.change(plan.Step{Verb: plan.GrantRole, User: user, Role: role}, true)
}

func (s *fakeServer) Authenticate(context.Context, string, string) (*clientv3.AuthenticateResponse, error) {
	return nil, rpctypes.ErrAuthFailed
}

func unbounded(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} }

// apply applies the policy to s.
func (s *fakeServer) apply(ctx context.Context, t *testing.T, text string) (Report, error) {
	t.Helper()
	wanted, err := policy.Parse(policy.Document{Name: "p", Text: []byte("apiVersion: ectl/v1\n" + text)})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := reader.Read(ctx, s, unbounded)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(snapshot.State, wanted, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.meanwhile != nil {
		s.meanwhile()
	}
	return Run(ctx, s, unbounded, Task{Snapshot: snapshot, Plan: p, Policy: wanted}, nil)
}

// many is a policy of n users with a role each: four changes for each.
func many(n int) string {
	var roles, users strings.Builder
	for i := range n {
		fmt.Fprintf(&roles, "  r%d: [{access: read, prefix: /r%d/}]\n", i, i)
		fmt.Fprintf(&users, "  u%d: {roles: [r%d], password: none}\n", i, i)
	}
	return "roles:\n" + roles.String() + "users:\n" + users.String()
}

func TestChangesAreMadeSixteenAtATimeAndInTheOrderOfTheirNeeds(t *testing.T) {
	s := newFakeServer()
	report, err := s.apply(t.Context(), t, many(30))
	if err != nil || !report.Complete || report.Changes != 120 || report.Revision != 121 || len(report.Unconfirmed) > 0 {
		t.Errorf("the report is %+v, %v; want 120 changes, all made", report, err)
	}
	if s.most != Parallel {
		t.Errorf("up to %d changes were made at once, want %d", s.most, Parallel)
	}
	if len(report.Added) != 30 || !slices.IsSorted(report.Added) {
		t.Errorf("%q were added, want 30 users by name", report.Added)
	}
	if again, err := s.apply(t.Context(), t, many(30)); err != nil || again.Changes != 0 || !again.Complete {
		t.Errorf("applied again, the report is %+v, %v; want no change", again, err)
	}
}

func TestAnswersThatDoNotComeAreLookedFor(t *testing.T) {
	for name, lose := range map[string]func(*fakeServer, func(int) error){
		"before the change": func(s *fakeServer, f func(int) error) { s.before = f },
		"after it":          func(s *fakeServer, f func(int) error) { s.after = f },
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer()
			lose(s, func(number int) error {
				if number%9 == 5 {
					return status.Error(codes.Unavailable, "gone")
				}
				return nil
			})
			report, err := s.apply(t.Context(), t, many(20))
			if err != nil || !report.Complete || report.Changes != 80 || len(s.state.Users) != 21 || len(report.Unconfirmed) > 0 {
				t.Errorf("lost %s: the report is %+v, %v; want 80 changes", name, report, err)
			}
		})
	}
}

func TestAnEndlessSilenceEndsIt(t *testing.T) {
	s := newFakeServer()
	s.before = func(int) error { return rpctypes.ErrLeaderChanged }
	report, err := s.apply(t.Context(), t, many(2))
	if !errors.Is(err, rpctypes.ErrLeaderChanged) || report.Complete || report.Changes != 0 {
		t.Errorf("the report is %+v, %v; want the server's error", report, err)
	}
}

func TestARefusalPassesAnErrorDoesNot(t *testing.T) {
	s := newFakeServer()
	s.before = func(number int) error {
		if number < 10 {
			return rpctypes.ErrPermissionDenied
		}
		return nil
	}
	if report, err := s.apply(t.Context(), t, many(3)); err != nil || report.Changes != 12 {
		t.Errorf("refused for a while, the report is %+v, %v; want 12 changes", report, err)
	}
	s = newFakeServer()
	s.before = func(number int) error {
		if number == 5 {
			return rpctypes.ErrInvalidAuthMgmt
		}
		return nil
	}
	report, err := s.apply(t.Context(), t, many(30))
	step, ok := errors.AsType[*StepError](err)
	if !ok || !errors.Is(err, rpctypes.ErrInvalidAuthMgmt) || !strings.HasPrefix(err.Error(), "etcdserver: invalid auth management (to add role r") {
		t.Errorf("the error is %v of %+v, want the server's with the step", err, step)
	}
	if report.Complete || report.Changes < 4 || report.Changes >= 120 || report.Changes != int(report.Revision)-1 {
		t.Errorf("the report is %+v, want that it has stopped", report)
	}
}

func TestAChangeByAnotherProcessStopsIt(t *testing.T) {
	s := newFakeServer()
	s.before = func(number int) error {
		if number == 70 { // in the last stage of the server's work, or almost
			s.mu.Lock()
			defer s.mu.Unlock()
			s.revision++
		}
		return nil
	}
	report, err := s.apply(t.Context(), t, many(20))
	if interference, ok := errors.AsType[*InterferenceError](err); !ok || interference.Revision != interference.Expected+1 || report.Complete {
		t.Errorf("the report is %+v, %v; want an interference by one change", report, err)
	}
	// A change by another process is the reason, too, if it prevents one of ours.
	s = newFakeServer()
	s.before = func(number int) error {
		if number == 30 {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.state.Roles = maps.Clone(s.state.Roles)
			for name := range s.state.Roles {
				if name != access.RootRole {
					delete(s.state.Roles, name)
				}
			}
			s.revision += 20
		}
		return nil
	}
	if _, err := s.apply(t.Context(), t, many(20)); !errors.As(err, new(*InterferenceError)) {
		t.Errorf("the error is %v, want an interference", err)
	}
}

func TestAServerThatDoesNotDoAsItSaysIsGivenUp(t *testing.T) {
	s := newFakeServer()
	begin := time.Now()
	report, err := s.apply(t.Context(), t, "roles: {stubborn: [{access: read, key: k}]}")
	if err == nil || report.Complete {
		t.Errorf("the report is %+v, %v, want an error", report, err)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %s to see it", took)
	}
}

func TestAnInterruptionLeavesNothingInDoubt(t *testing.T) {
	s := newFakeServer()
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	s.after = func(number int) error {
		if number == 20 {
			cancel(interrupted)
		}
		return nil
	}
	report, err := s.apply(ctx, t, many(30))
	if !errors.Is(err, interrupted) || report.Complete || len(report.Unconfirmed) > 0 || report.Changes != s.changes || report.Changes >= 120 {
		t.Errorf("after %d changes the report is %+v, %v; want them, and not all 120", s.changes, report, err)
	}
}

func TestAPlanThatIsOutOfDateIsNotExecuted(t *testing.T) {
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("a server before 3.5 %t", old), func(t *testing.T) {
			s := newFakeServer()
			s.old = old
			s.meanwhile = func() {
				s.state.Roles["r1"] = access.Role{Name: "r1"}
				s.revision++
			}
			report, err := s.apply(t.Context(), t, many(2))
			if err == nil || report.Complete || s.changes > 0 {
				t.Errorf("without revision: %t: %d changes were made, the report is %+v, %v; want none", old, s.changes, report, err)
			}
			s.meanwhile = nil
			if report, err := s.apply(t.Context(), t, many(2)); err != nil || report.Changes != 7 {
				t.Errorf("without revision: %t: planned again, the report is %+v, %v; want the 7 changes that are left", old, report, err)
			}
		})
	}
}
