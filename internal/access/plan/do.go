package plan

import (
	"slices"

	"github.com/ectl-io/ectl/internal/access"
)

// Do applies the step to state, as the server does. It does not fail: it ignores
// users, roles and permissions that do not exist.
func (s Step) Do(state access.State) { doAll(state, s) }

// doAll applies steps to state, one after another. It visits the permissions of each
// affected role and user once, not once per step. undo reverts all steps. Call it
// before any other change of state.
func doAll(state access.State, steps ...Step) (undo func()) {
	d := doing{
		state: state, roles: map[string]*workingRole{}, users: map[string]*workingUser{}, deleted: map[string]bool{},
		rolesBefore: map[string]*access.Role{}, usersBefore: map[string]*access.User{},
	}
	for _, s := range steps {
		d.step(s)
	}
	d.finish()
	return d.undo
}

// doing is a state while steps are applied to it.
type doing struct {
	state   access.State
	roles   map[string]*workingRole // being changed
	users   map[string]*workingUser
	deleted map[string]bool // deleted roles that are still in the lists of users

	rolesBefore map[string]*access.Role // nil if the role did not exist
	usersBefore map[string]*access.User
}

func (d *doing) step(s Step) {
	switch s.Verb {
	case AddRole:
		d.setRole(s.Role, &access.Role{Name: s.Role})
	case DeleteRole:
		d.setRole(s.Role, nil)
		d.deleted[s.Role] = true
	case GrantKeys:
		d.role(s.Role).grant(s.Permission)
	case RevokeKeys:
		d.role(s.Role).revoke(s.Permission.Range)
	case AddUser:
		d.setUser(s.User, &access.User{Name: s.User})
	case DeleteUser:
		d.setUser(s.User, nil)
	case GrantRole:
		if d.deleted[s.Role] { // a new role with the name of a deleted one
			d.takeDeletedRoles()
		}
		if u := d.user(s.User); u != nil {
			u.grant(s.Role)
		}
	case RevokeRole:
		if u := d.user(s.User); u != nil {
			delete(u.held, s.Role)
		}
	case SetPassword:
	}
}

func (d *doing) setRole(name string, role *access.Role) {
	delete(d.roles, name)
	if _, known := d.rolesBefore[name]; !known {
		d.rolesBefore[name] = nil
		if before, there := d.state.Roles[name]; there {
			d.rolesBefore[name] = &before
		}
	}
	if role == nil {
		delete(d.state.Roles, name)
		return
	}
	d.state.Roles[name] = *role
}

func (d *doing) setUser(name string, user *access.User) {
	delete(d.users, name)
	if _, known := d.usersBefore[name]; !known {
		d.usersBefore[name] = nil
		if before, there := d.state.Users[name]; there {
			d.usersBefore[name] = &before
		}
	}
	if user == nil {
		delete(d.state.Users, name)
		return
	}
	d.state.Users[name] = *user
}

func (d *doing) role(name string) *workingRole {
	role, begun := d.roles[name]
	if !begun {
		role = newWorkingRole(d.state.Roles[name].Permissions)
		d.roles[name] = role
	}
	return role
}

// user returns nil if the user does not exist.
func (d *doing) user(name string) *workingUser {
	user, begun := d.users[name]
	if !begun {
		there, exists := d.state.Users[name]
		if !exists {
			return nil
		}
		user = newWorkingUser(there.Roles)
		d.users[name] = user
	}
	return user
}

// finish writes the changes to the state.
func (d *doing) finish() {
	for name, working := range d.roles {
		d.setRole(name, &access.Role{Name: name, Permissions: working.left()})
	}
	d.finishUsers()
	d.takeDeletedRoles()
}

func (d *doing) finishUsers() {
	for name, working := range d.users {
		d.setUser(name, &access.User{Name: name, Roles: working.left()})
	}
}

// takeDeletedRoles removes the deleted roles from all users.
func (d *doing) takeDeletedRoles() {
	if len(d.deleted) == 0 {
		return
	}
	d.finishUsers()
	gone := func(role string) bool { return d.deleted[role] }
	for name, user := range d.state.Users {
		if slices.ContainsFunc(user.Roles, gone) {
			user.Roles = slices.DeleteFunc(slices.Clone(user.Roles), gone)
			d.setUser(name, &user)
		}
	}
	clear(d.deleted)
}

// undo reverts all changes.
func (d *doing) undo() {
	for name, role := range d.rolesBefore {
		if delete(d.state.Roles, name); role != nil {
			d.state.Roles[name] = *role
		}
	}
	for name, user := range d.usersBefore {
		if delete(d.state.Users, name); user != nil {
			d.state.Users[name] = *user
		}
	}
}

// workingUser holds the roles of a user during changes.
type workingUser struct {
	roles  []string // in order; a role that is not in held has been revoked
	held   map[string]bool
	sorted bool
}

func newWorkingUser(roles []string) *workingUser {
	u := &workingUser{roles: slices.Clone(roles), held: map[string]bool{}}
	for _, role := range roles {
		u.held[role] = true
	}
	return u
}

func (u *workingUser) grant(role string) {
	if !u.held[role] {
		u.held[role], u.sorted = true, true
		u.roles = append(u.roles, role)
	}
}

func (u *workingUser) left() []string {
	roles := slices.DeleteFunc(u.roles, func(role string) bool { return !u.held[role] })
	if u.sorted {
		slices.Sort(roles)
		roles = slices.Compact(roles) // a role was revoked and granted again
	}
	return roles
}

// workingRole holds the permissions of a role during changes.
type workingRole struct {
	permissions []access.Permission
	gone        []bool
	atKey       map[string][]int    // indexes by first key; the first of them may be gone
	on          map[[2]string][]int // indexes by range
}

func newWorkingRole(permissions []access.Permission) *workingRole {
	r := &workingRole{atKey: map[string][]int{}, on: map[[2]string][]int{}}
	for _, p := range permissions {
		r.add(p)
	}
	return r
}

func (r *workingRole) add(p access.Permission) {
	key, on := string(p.Range.Key), p.Range.Notation()
	r.atKey[key] = append(r.atKey[key], len(r.permissions))
	r.on[on] = append(r.on[on], len(r.permissions))
	r.permissions, r.gone = append(r.permissions, p), append(r.gone, false)
}

// grant adds a permission as the server does (RoleGrantPermission of package auth in
// etcd 3.4 to 3.7). The server checks only the first permission with the same key. If
// that has the same end, its access is replaced. Otherwise a permission is added,
// even if another one is on exactly the same range.
func (r *workingRole) grant(p access.Permission) {
	key := string(p.Range.Key)
	there := r.atKey[key]
	for len(there) > 0 && r.gone[there[0]] {
		there = there[1:]
	}
	r.atKey[key] = there
	if len(there) > 0 && r.permissions[there[0]].Range.Equal(p.Range) {
		r.permissions[there[0]].Access = p.Access
		return
	}
	r.add(p)
}

// revoke removes all permissions on exactly the given range.
func (r *workingRole) revoke(on access.Range) {
	for _, i := range r.on[on.Notation()] {
		r.gone[i] = true
	}
	delete(r.on, on.Notation())
}

// left returns the remaining permissions in the server's order.
func (r *workingRole) left() []access.Permission {
	left := make([]access.Permission, 0, len(r.permissions))
	for i, p := range r.permissions {
		if !r.gone[i] {
			left = append(left, p)
		}
	}
	slices.SortStableFunc(left, byKey)
	return left
}
