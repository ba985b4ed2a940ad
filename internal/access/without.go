package access

import (
	"maps"
	"slices"
)

// WithoutRole returns the state after the role was deleted, which revokes it from its
// users.
func (s State) WithoutRole(name string) State {
	after := s.copied()
	delete(after.Roles, name)
	for user := range after.Users {
		after = after.WithoutMembership(user, name)
	}
	return after
}

// WithoutUser returns the state after the user was deleted.
func (s State) WithoutUser(name string) State {
	after := s.copied()
	delete(after.Users, name)
	return after
}

// WithoutMembership returns the state after the role was revoked from the user.
func (s State) WithoutMembership(user, role string) State {
	after := s.copied()
	if u, there := after.Users[user]; there {
		u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(name string) bool { return name == role })
		after.Users[user] = u
	}
	return after
}

// WithoutPermissions returns the state after the permissions on exactly the range were
// revoked from the role.
func (s State) WithoutPermissions(role string, keys Range) State {
	after := s.copied()
	if r, there := after.Roles[role]; there {
		r.Permissions = slices.DeleteFunc(slices.Clone(r.Permissions), func(p Permission) bool { return p.Range.Equal(keys) })
		after.Roles[role] = r
	}
	return after
}

// copied returns a state with maps of its own.
func (s State) copied() State { return State{Users: maps.Clone(s.Users), Roles: maps.Clone(s.Roles)} }
