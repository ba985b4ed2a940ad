package reader

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/access"
)

// server answers as etcd does, from users and roles in memory.
type server struct {
	clientv3.Auth // the methods that are not called here

	mu       sync.Mutex
	users    map[string][]string
	roles    map[string][]*authpb.Permission
	revision uint64
	old      bool // knows no AuthStatus, like 3.4
	enabled  bool

	// before is called before each request, with how many there were before.
	before func(s *server, n int)
	n      int
}

func newServer() *server {
	return &server{users: map[string][]string{}, roles: map[string][]*authpb.Permission{}, revision: 7}
}

// request counts a request, and says when it is answered.
func (s *server) request() (answered func()) {
	s.mu.Lock()
	if s.before != nil {
		s.before(s, s.n)
	}
	s.n++
	return s.mu.Unlock
}

func (s *server) AuthStatus(context.Context) (*clientv3.AuthStatusResponse, error) {
	defer s.request()()
	if s.old {
		return nil, status.Error(codes.Unimplemented, "unknown method AuthStatus")
	}
	return &clientv3.AuthStatusResponse{Enabled: s.enabled, AuthRevision: s.revision}, nil
}

func (s *server) Authenticate(context.Context, string, string) (*clientv3.AuthenticateResponse, error) {
	defer s.request()()
	if s.enabled {
		return nil, rpctypes.ErrAuthFailed
	}
	return nil, rpctypes.ErrAuthNotEnabled
}

func (s *server) UserList(context.Context) (*clientv3.AuthUserListResponse, error) {
	defer s.request()()
	response := &clientv3.AuthUserListResponse{}
	for name := range s.users {
		response.Users = append(response.Users, name)
	}
	return response, nil
}

func (s *server) RoleList(context.Context) (*clientv3.AuthRoleListResponse, error) {
	defer s.request()()
	response := &clientv3.AuthRoleListResponse{}
	for name := range s.roles {
		response.Roles = append(response.Roles, name)
	}
	return response, nil
}

func (s *server) UserGet(_ context.Context, name string) (*clientv3.AuthUserGetResponse, error) {
	defer s.request()()
	roles, found := s.users[name]
	if !found {
		return nil, rpctypes.ErrUserNotFound
	}
	return &clientv3.AuthUserGetResponse{Roles: slices.Clone(roles)}, nil
}

func (s *server) RoleGet(_ context.Context, name string) (*clientv3.AuthRoleGetResponse, error) {
	defer s.request()()
	perms, found := s.roles[name]
	if !found {
		return nil, rpctypes.ErrRoleNotFound
	}
	return &clientv3.AuthRoleGetResponse{Perm: perms}, nil
}

func unbounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

func TestReadReadsAllUsersAndRoles(t *testing.T) {
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("a server before 3.5 %t", old), func(t *testing.T) {
			s := newServer()
			s.old, s.enabled = old, true
			for i := range 300 {
				s.users[fmt.Sprint("u", i)] = []string{fmt.Sprint("r", i%50)}
			}
			for i := range 50 {
				s.roles[fmt.Sprint("r", i)] = []*authpb.Permission{{PermType: authpb.WRITE, Key: fmt.Append(nil, "k", i), RangeEnd: []byte("z")}, {PermType: authpb.READWRITE, Key: []byte("x")}}
			}
			got, err := Read(t.Context(), s, unbounded)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Users) != 300 || len(got.Roles) != 50 || !got.Enabled || (got.Revision == 0) != old {
				t.Errorf("old %t: %d users, %d roles, enabled %t, revision %d", old, len(got.Users), len(got.Roles), got.Enabled, got.Revision)
			}
			if u := got.Users["u51"]; u.Name != "u51" || !slices.Equal(u.Roles, []string{"r1"}) {
				t.Errorf("u51 is %+v", u)
			}
			want := []access.Permission{{Access: access.Write, Range: access.Range{Key: []byte("k1"), End: []byte("z")}}, {Access: access.ReadWrite, Range: access.Range{Key: []byte("x")}}}
			if r := got.Roles["r1"]; r.Name != "r1" || !slices.EqualFunc(r.Permissions, want, access.Permission.Equal) {
				t.Errorf("r1 is %+v", r)
			}
		})
	}
}

func TestReadReadsAgainWhatHasChangedMeanwhile(t *testing.T) {
	// Each time one change, wherever it falls: what is read is the state before
	// it or the one after it, never something between.
	for _, old := range []bool{false, true} {
		for at := range 12 {
			s := newServer()
			s.old = old
			s.users["a"], s.users["b"] = []string{"r"}, []string{"r"}
			s.roles["r"] = []*authpb.Permission{{PermType: authpb.READ, Key: []byte("before")}}
			s.before = func(s *server, n int) {
				if n == at {
					s.users, s.roles = map[string][]string{"b": {"q"}}, map[string][]*authpb.Permission{"q": {{PermType: authpb.READ, Key: []byte("after")}}}
					s.revision++
				}
			}
			got, err := Read(t.Context(), s, unbounded)
			if err != nil {
				t.Fatal(err)
			}
			state := fmt.Sprint(got.UserNames(), got.RoleNames(), got.Effective("b").Read)
			if state != "[a b] [r] key before" && state != "[b] [q] key after" {
				t.Errorf("old %t, changed before request %d: read %s", old, at, state)
			}
		}
	}
}

func TestReadGivesUpWhereChangesNeverEnd(t *testing.T) {
	s := newServer()
	s.users["a"] = nil
	s.before = func(s *server, _ int) { s.revision++ }
	if _, err := Read(t.Context(), s, unbounded); !errors.Is(err, ErrUnsettled) {
		t.Errorf("Read = %v", err)
	}
}

func TestReadEndsWithTheFirstErrorOfTheServer(t *testing.T) {
	s := &denying{newServer()}
	for i := range 100 {
		s.users[fmt.Sprint("u", i)] = nil
	}
	if _, err := Read(t.Context(), s, unbounded); !errors.Is(err, rpctypes.ErrPermissionDenied) {
		t.Errorf("Read = %v", err)
	}
	if s.n > parallel+10 {
		t.Errorf("%d more requests after the first that was denied", s.n)
	}
}

// denying lets no user read users.
type denying struct{ *server }

func (s *denying) UserGet(context.Context, string) (*clientv3.AuthUserGetResponse, error) {
	defer s.request()()
	return nil, rpctypes.ErrPermissionDenied
}

func TestReadUserReadsTheUserWithItsRoles(t *testing.T) {
	s := newServer()
	s.users["a"], s.users["b"] = []string{"q", "r"}, []string{"r"}
	s.roles["r"], s.roles["q"], s.roles["other"] = []*authpb.Permission{{Key: []byte("k")}}, nil, nil
	state, err := ReadUser(t.Context(), s, unbounded, "a")
	if err != nil || !slices.Equal(state.UserNames(), []string{"a"}) || !slices.Equal(state.RoleNames(), []string{"q", "r"}) {
		t.Errorf("ReadUser = %v, %v", state, err)
	}
	if _, err := ReadUser(t.Context(), s, unbounded, "nobody"); !errors.Is(err, rpctypes.ErrUserNotFound) {
		t.Errorf("ReadUser of nobody = %v", err)
	}
	// Root can be granted before there is such a role.
	s.users["c"] = []string{"r", "root"}
	if state, err := ReadUser(t.Context(), s, unbounded, "c"); err != nil || !slices.Equal(state.RoleNames(), []string{"r"}) || !state.Effective("c").Root {
		t.Errorf("ReadUser of one with a role that is not there = %v, %v", state, err)
	}
	// The role goes between the user and the role.
	first := s.n
	s.before = func(s *server, n int) {
		if n == first+2 {
			delete(s.roles, "q")
			s.users["a"] = []string{"r"}
		}
	}
	if state, err := ReadUser(t.Context(), s, unbounded, "a"); err != nil || !slices.Equal(state.RoleNames(), []string{"r"}) {
		t.Errorf("ReadUser while a role goes = %v, %v", state, err)
	}
}

func TestWithoutPasswordGoesByTheServersRefusal(t *testing.T) {
	s := &refusing{without: []string{"b", "d"}}
	var tried atomic.Int32
	got, err := WithoutPassword(t.Context(), s, unbounded, []string{"a", "b", "c", "d"}, func() { tried.Add(1) })
	if err != nil || !maps.Equal(got, map[string]bool{"a": false, "b": true, "c": false, "d": true}) {
		t.Errorf("WithoutPassword = %v, %v", got, err)
	}
	if n := tried.Load(); n != 4 {
		t.Errorf("%d logins were reported, want 4", n)
	}
	s.off = true
	if _, err := WithoutPassword(t.Context(), s, unbounded, []string{"a"}, func() {}); !errors.Is(err, rpctypes.ErrAuthNotEnabled) {
		t.Errorf("WithoutPassword with authentication off = %v", err)
	}
}

// refusing takes no password.
type refusing struct {
	clientv3.Auth
	without []string
	off     bool
}

func (s *refusing) Authenticate(_ context.Context, name, _ string) (*clientv3.AuthenticateResponse, error) {
	switch {
	case s.off:
		return nil, rpctypes.ErrAuthNotEnabled
	case slices.Contains(s.without, name):
		return nil, status.Error(codes.Unknown, "auth: authentication failed, password was given for no password user")
	}
	return nil, rpctypes.ErrAuthFailed
}

func TestPermissionsGoBothWays(t *testing.T) {
	for _, kind := range []access.Access{access.Read, access.Write, access.ReadWrite} {
		perm := &authpb.Permission{PermType: authpb.Permission_Type(PermissionType(kind)), Key: []byte("k")}
		if got := Permission(perm).Access; got != kind {
			t.Errorf("%s comes back as %s", kind, got)
		}
	}
}
