// Package reader reads the users and roles of a cluster into the domain of
// package access.
package reader

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Snapshot is all users and roles of a cluster at one moment.
type Snapshot struct {
	access.State

	// Enabled says whether authentication is on. While it is off, everybody may
	// do everything.
	Enabled bool

	// Cluster is the cluster's ID.
	Cluster uint64

	// Revision is the auth revision of the moment. It is 0 where the server
	// does not tell it: before 3.5.
	Revision uint64
}

// Bound bounds the wait for the answer to one request.
type Bound func(context.Context) (context.Context, context.CancelFunc)

const (
	// parallel is how many requests are on their way at once.
	parallel = 32

	// parallelLogins leaves the server processors for others.
	parallelLogins = 2

	// attempts is how often users and roles are read because they have changed
	// meanwhile.
	attempts = 10
)

// ErrUnsettled means that users and roles changed each time that they were
// read.
var ErrUnsettled = errors.New("users and roles are being changed all the time: no two looks at them agree; try again when that is over")

// Read reads all users and roles. There is no request that reads them at once:
// it reads again when something has changed meanwhile, by the auth revision or,
// where the server has none, by a second look. Only root may do that while
// authentication is on.
func Read(ctx context.Context, api clientv3.Auth, bound Bound) (Snapshot, error) {
	r := reader{api: api, bound: bound}
	before, err := r.status(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	var last Snapshot
	for attempt := range attempts {
		state, cluster, err := r.all(ctx)
		if err != nil && !isGone(err) {
			return Snapshot{}, err
		}
		after, statusErr := r.status(ctx)
		if statusErr != nil {
			return Snapshot{}, statusErr
		}
		this := after
		this.State, this.Cluster = state, cluster
		settled := before.Revision == after.Revision && before.Enabled == after.Enabled
		if after.Revision == 0 {
			settled = attempt > 0 && equal(last.State, state)
		}
		if err == nil && settled {
			return this, nil
		}
		before, last = after, this
	}
	return Snapshot{}, ErrUnsettled
}

// Enabled says whether authentication is on. Anybody may ask: that the server
// does not answer everybody is an answer.
func Enabled(ctx context.Context, api clientv3.Auth, bound Bound) (bool, error) {
	snapshot, err := reader{api: api, bound: bound}.status(ctx)
	if errors.Is(err, rpctypes.ErrUserEmpty) || errors.Is(err, rpctypes.ErrPermissionDenied) {
		return true, nil
	}
	return snapshot.Enabled, err
}

// ReadUser reads one user and its roles: the state has no others. A user may
// do so for itself; the snapshot has no revision then.
func ReadUser(ctx context.Context, api clientv3.Auth, bound Bound, name string) (Snapshot, error) {
	r := reader{api: api, bound: bound}
	snapshot, err := r.status(ctx)
	if errors.Is(err, rpctypes.ErrPermissionDenied) || errors.Is(err, rpctypes.ErrUserNotFound) {
		snapshot.Enabled = true // who is not root, or nobody, may not ask that before 3.7
	} else if err != nil {
		return snapshot, err
	}
	for range attempts {
		user, err := r.user(ctx, name)
		if err != nil {
			return snapshot, err
		}
		roles, err := each(ctx, parallel, user.Roles, r.roleIfThere)
		if err != nil && !errors.Is(err, rpctypes.ErrPermissionDenied) {
			return snapshot, err
		}
		snapshot.State = access.NewState()
		snapshot.Users[name] = user
		for _, role := range roles {
			if role.Name != "" {
				snapshot.Roles[role.Name] = role
			}
		}
		if err == nil && len(snapshot.Roles) == len(user.Roles) {
			return snapshot, nil
		}
		// A role was deleted or taken from the user since the user was read. Or
		// it never was there: the role root can be granted all the same.
		again, againErr := r.user(ctx, name)
		if againErr != nil {
			return snapshot, againErr
		}
		if slices.Equal(again.Roles, user.Roles) {
			return snapshot, err
		}
	}
	return snapshot, ErrUnsettled
}

// roleIfThere returns a role without a name where there is no such role.
func (r reader) roleIfThere(ctx context.Context, name string) (access.Role, error) {
	role, err := r.role(ctx, name)
	if errors.Is(err, rpctypes.ErrRoleNotFound) {
		err = nil
	}
	return role, err
}

// isGone says whether err is that a user or role is no longer there that was
// listed before.
func isGone(err error) bool {
	return errors.Is(err, rpctypes.ErrUserNotFound) || errors.Is(err, rpctypes.ErrRoleNotFound)
}

// reader makes the requests.
type reader struct {
	api   clientv3.Auth
	bound Bound
}

// status returns the snapshot without its state.
func (r reader) status(ctx context.Context) (Snapshot, error) {
	ctx, cancel := r.bound(ctx)
	defer cancel()
	response, err := r.api.AuthStatus(ctx)
	if status.Code(err) == codes.Unimplemented {
		enabled, err := r.enabledBefore35(ctx)
		return Snapshot{Enabled: enabled}, err
	}
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Enabled: response.Enabled, Revision: response.AuthRevision}, nil
}

// enabledBefore35 finds out whether authentication is on by a login that cannot
// succeed, of nobody: where it is off, the server says that first.
func (r reader) enabledBefore35(ctx context.Context) (bool, error) {
	_, err := r.api.Authenticate(ctx, "", "")
	switch {
	case errors.Is(err, rpctypes.ErrAuthNotEnabled):
		return false, nil
	case err == nil, errors.Is(err, rpctypes.ErrAuthFailed):
		return true, nil
	}
	return false, err
}

// all returns all users and roles, and the ID of their cluster.
func (r reader) all(ctx context.Context) (state access.State, cluster uint64, err error) {
	users, err := r.users(ctx)
	if err != nil {
		return state, 0, err
	}
	cluster = (*pb.AuthUserListResponse)(users).GetHeader().GetClusterId()
	roles, err := r.roles(ctx)
	if err != nil {
		return state, cluster, err
	}
	state = access.NewState()
	all, err := each(ctx, parallel, users.Users, r.user)
	if err != nil {
		return state, cluster, err
	}
	for _, user := range all {
		state.Users[user.Name] = user
	}
	held, err := each(ctx, parallel, roles, r.role)
	if err != nil {
		return state, cluster, err
	}
	for _, role := range held {
		state.Roles[role.Name] = role
	}
	return state, cluster, nil
}

func (r reader) users(ctx context.Context) (*clientv3.AuthUserListResponse, error) {
	ctx, cancel := r.bound(ctx)
	defer cancel()
	return r.api.UserList(ctx)
}

func (r reader) roles(ctx context.Context) ([]string, error) {
	ctx, cancel := r.bound(ctx)
	defer cancel()
	response, err := r.api.RoleList(ctx)
	if err != nil {
		return nil, err
	}
	return response.Roles, nil
}

func (r reader) user(ctx context.Context, name string) (access.User, error) {
	ctx, cancel := r.bound(ctx)
	defer cancel()
	response, err := r.api.UserGet(ctx, name)
	if err != nil {
		return access.User{}, err
	}
	return access.User{Name: name, Roles: response.Roles}, nil
}

func (r reader) role(ctx context.Context, name string) (access.Role, error) {
	ctx, cancel := r.bound(ctx)
	defer cancel()
	response, err := r.api.RoleGet(ctx, name)
	if err != nil {
		return access.Role{}, err
	}
	role := access.Role{Name: name, Permissions: make([]access.Permission, 0, len(response.Perm))}
	for _, perm := range response.Perm {
		role.Permissions = append(role.Permissions, Permission(perm))
	}
	return role, nil
}

// Permission returns a permission of the API in terms of the domain.
func Permission(perm *authpb.Permission) access.Permission {
	p := access.Permission{Range: access.Range{Key: perm.GetKey(), End: perm.GetRangeEnd()}}
	switch perm.GetPermType() {
	case authpb.READ:
		p.Access = access.Read
	case authpb.WRITE:
		p.Access = access.Write
	case authpb.READWRITE:
		p.Access = access.ReadWrite
	}
	return p
}

// PermissionType returns the kind of a permission in terms of the API.
func PermissionType(a access.Access) clientv3.PermissionType {
	kind := authpb.READ
	switch a {
	case access.Write:
		kind = authpb.WRITE
	case access.ReadWrite:
		kind = authpb.READWRITE
	case access.Read:
	}
	return clientv3.PermissionType(kind)
}

// WithoutPassword returns which of the users called names have no password. etcd
// has no request for that, but refuses a login with a password for them with
// words of its own. It is only known while authentication is on. A refused
// login of another user costs the server as much as one that succeeds.
func WithoutPassword(ctx context.Context, api clientv3.Auth, bound Bound, names []string) (map[string]bool, error) {
	wrong := rand.Text() // nobody's password
	without, err := each(ctx, parallelLogins, names, func(ctx context.Context, name string) (bool, error) {
		ctx, cancel := bound(ctx)
		defer cancel()
		_, err := api.Authenticate(ctx, name, wrong)
		switch {
		case etcd.IsNoPasswordUser(err):
			return true, nil
		case errors.Is(err, rpctypes.ErrAuthFailed):
			return false, nil
		}
		return false, err
	})
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for i, name := range names {
		found[name] = without[i]
	}
	return found, nil
}

// each calls get for all names, atOnce of them at a time, and returns the
// answers in their order. The first error ends it.
func each[T any](ctx context.Context, atOnce int, names []string, get func(context.Context, string) (T, error)) ([]T, error) {
	answers := make([]T, len(names))
	asking, first := crash.NewGroup(ctx, atOnce)
	for i, name := range names {
		if first.Err() != nil {
			break
		}
		asking.Start(func() (err error) {
			answers[i], err = get(first, name)
			return err
		})
	}
	err := asking.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return answers, err
}

// equal says whether a and b hold the same users and roles.
func equal(a, b access.State) bool {
	return slices.Equal(a.UserNames(), b.UserNames()) && slices.Equal(a.RoleNames(), b.RoleNames()) &&
		!slices.ContainsFunc(a.UserNames(), func(name string) bool { return !slices.Equal(a.Users[name].Roles, b.Users[name].Roles) }) &&
		!slices.ContainsFunc(a.RoleNames(), func(name string) bool {
			return !slices.EqualFunc(a.Roles[name].Permissions, b.Roles[name].Permissions, access.Permission.Equal)
		})
}
