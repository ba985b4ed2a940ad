// Package reader reads the users and roles of a cluster into the types of package
// access.
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
	"github.com/ectl-io/ectl/internal/progress"
)

// Snapshot contains all users and roles of a cluster at one moment.
type Snapshot struct {
	access.State

	// Enabled reports whether authentication is on. While it is off, every client may
	// do everything.
	Enabled bool

	// Cluster is the cluster's ID.
	Cluster uint64

	// Revision is the auth revision at that moment. It is 0 if the server does not
	// return it (etcd before 3.5).
	Revision uint64
}

// Bound returns a context with the timeout of one request.
type Bound func(context.Context) (context.Context, context.CancelFunc)

const (
	// parallel is the maximum number of concurrent requests.
	parallel = 32

	// parallelLogins is the maximum number of concurrent logins. It is small because
	// each login uses much CPU time of the server.
	parallelLogins = 2

	// attempts is the maximum number of times that users and roles are read if they
	// change during the read.
	attempts = 10
)

// ErrUnsettled reports that users and roles changed during each attempt to read them.
var ErrUnsettled = errors.New("users and roles are being changed all the time: no two looks at them agree; try again when that is over")

// Read reads all users and roles. No single request returns them all, so Read tries
// again if they change meanwhile. It detects changes by the auth revision. If the
// server has none, it compares two reads. While authentication is on, only root may
// call it.
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

// Enabled reports whether authentication is on. Every client may call it: a refusal
// of the server means that authentication is on.
func Enabled(ctx context.Context, api clientv3.Auth, bound Bound) (bool, error) {
	snapshot, err := reader{api: api, bound: bound}.status(ctx)
	if errors.Is(err, rpctypes.ErrUserEmpty) || errors.Is(err, rpctypes.ErrPermissionDenied) {
		return true, nil
	}
	return snapshot.Enabled, err
}

// ReadUser reads one user and its roles into a state that contains no others. Each
// user may read itself. In that case the snapshot has no revision before etcd 3.7.
func ReadUser(ctx context.Context, api clientv3.Auth, bound Bound, name string) (Snapshot, error) {
	r := reader{api: api, bound: bound}
	snapshot, err := r.status(ctx)
	if errors.Is(err, rpctypes.ErrPermissionDenied) || errors.Is(err, rpctypes.ErrUserNotFound) {
		snapshot.Enabled = true // before 3.7, only root may request the status
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
		// Either a role was deleted or revoked since the user was read, or the role
		// never existed. The role root can be granted even if it does not exist.
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

// roleIfThere returns a role without a name if the role does not exist.
func (r reader) roleIfThere(ctx context.Context, name string) (access.Role, error) {
	role, err := r.role(ctx, name)
	if errors.Is(err, rpctypes.ErrRoleNotFound) {
		err = nil
	}
	return role, err
}

// IsEnabled reports whether authentication is on. A user without the role root may not
// ask every server; a refusal means that it is on.
func IsEnabled(ctx context.Context, api clientv3.Auth, bound Bound) (bool, error) {
	found, err := reader{api: api, bound: bound}.status(ctx)
	if errors.Is(err, rpctypes.ErrPermissionDenied) || errors.Is(err, rpctypes.ErrUserEmpty) {
		return true, nil
	}
	return found.Enabled, err
}

// isGone reports whether err means that a listed user or role no longer exists.
func isGone(err error) bool {
	return errors.Is(err, rpctypes.ErrUserNotFound) || errors.Is(err, rpctypes.ErrRoleNotFound)
}

// reader makes the requests.
type reader struct {
	api   clientv3.Auth
	bound Bound
}

// status returns the snapshot without users, roles and cluster ID.
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

// enabledBefore35 tests whether authentication is on with a login without a name,
// which cannot succeed. If authentication is off, the server returns
// ErrAuthNotEnabled first.
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

// all returns all users and roles, and the cluster ID.
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
	ctx, read := progress.Count(ctx, "Reading users and roles")
	defer read.End()
	read.SetTotal(int64(len(users.Users) + len(roles)))
	all, err := each(ctx, parallel, users.Users, counted(read, r.user))
	if err != nil {
		return state, cluster, err
	}
	for _, user := range all {
		state.Users[user.Name] = user
	}
	held, err := each(ctx, parallel, roles, counted(read, r.role))
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

// Permission converts a permission of the API.
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

// PermissionType converts an access to the permission type of the API.
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

// WithoutPassword reports, for each of the users called names, whether it has no
// password. etcd has no request for that, so WithoutPassword tries a login with a
// wrong password. For users without a password, the refusal has a message of its own.
// This works only while authentication is on. For the server, each refused login of
// another user is as expensive as a successful one. tried is called after each login,
// from several goroutines.
func WithoutPassword(ctx context.Context, api clientv3.Auth, bound Bound, names []string, tried func()) (map[string]bool, error) {
	wrong := rand.Text() // no user has this password
	without, err := each(ctx, parallelLogins, names, func(ctx context.Context, name string) (bool, error) {
		ctx, cancel := bound(ctx)
		defer cancel()
		defer tried()
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

// counted returns get, which then counts its calls.
func counted[T any](calls *progress.Counter, get func(context.Context, string) (T, error)) func(context.Context, string) (T, error) {
	return func(ctx context.Context, name string) (T, error) {
		defer calls.Add(1)
		return get(ctx, name)
	}
}

// each calls get for all names, at most atOnce at a time, and returns the results in
// the same order. It stops at the first error.
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

// equal reports whether a and b contain the same users and roles.
func equal(a, b access.State) bool {
	return slices.Equal(a.UserNames(), b.UserNames()) && slices.Equal(a.RoleNames(), b.RoleNames()) &&
		!slices.ContainsFunc(a.UserNames(), func(name string) bool { return !slices.Equal(a.Users[name].Roles, b.Users[name].Roles) }) &&
		!slices.ContainsFunc(a.RoleNames(), func(name string) bool {
			return !slices.EqualFunc(a.Roles[name].Permissions, b.Roles[name].Permissions, access.Permission.Equal)
		})
}
