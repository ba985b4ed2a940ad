package access

import (
	"fmt"
	"maps"
	"slices"
)

// Access is what may be done with keys: a combination of Read and Write.
type Access uint8

// What may be done. ReadWrite is both.
const (
	Read Access = 1 << iota
	Write
	ReadWrite = Read | Write
)

// AccessNames are the names that ParseAccess knows.
func AccessNames() []string {
	return []string{Read.String(), Write.String(), ReadWrite.String()}
}

// ParseAccess returns the access called read, write or readwrite.
func ParseAccess(name string) (Access, error) {
	for _, a := range []Access{Read, Write, ReadWrite} {
		if a.String() == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("unknown access %q; it is read, write or readwrite", name)
}

// String is the name that ParseAccess takes, or "none".
func (a Access) String() string {
	switch a {
	case Read:
		return "read"
	case Write:
		return "write"
	case ReadWrite:
		return "readwrite"
	}
	return "none"
}

// Has says whether a allows all that wanted asks for.
func (a Access) Has(wanted Access) bool { return a&wanted == wanted }

// Kinds returns Read or Write or both, as a has them.
func (a Access) Kinds() []Access {
	var kinds []Access
	for _, kind := range []Access{Read, Write} {
		if a.Has(kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Permission is one grant of a role.
type Permission struct {
	Access Access
	Range  Range
}

// String describes the permission to a person: "read prefix /a/".
func (p Permission) String() string { return p.Access.String() + " " + p.Range.String() }

// Equal says whether p and q grant the same access on the same range, in the
// same notation.
func (p Permission) Equal(q Permission) bool {
	return p.Access == q.Access && p.Range.Equal(q.Range)
}

// Merged joins permissions on the same range, in the same notation, to one, as
// the server lets them add up: it can hold several (etcd-io/etcd#21845). Each
// stands where the first of them stood.
func Merged(permissions []Permission) []Permission {
	var merged []Permission
	index := make(map[[2]string]int, len(permissions))
	for _, p := range permissions {
		key := p.Range.Notation()
		if i, again := index[key]; again {
			merged[i].Access |= p.Access
			continue
		}
		index[key] = len(merged)
		merged = append(merged, p)
	}
	return merged
}

// Role is a role with its permissions, in the server's order: by key.
type Role struct {
	Name        string
	Permissions []Permission
}

// User is a user with the names of its roles, in the server's order: by name.
type User struct {
	Name  string
	Roles []string
}

// State is who may do what: all users and roles at one moment, by name. Roles
// that a user names and that are not there allow nothing, as in the server.
type State struct {
	Users map[string]User
	Roles map[string]Role
}

// NewState returns a state without users and roles.
func NewState() State { return State{Users: map[string]User{}, Roles: map[string]Role{}} }

// UserNames returns the names of all users, sorted.
func (s State) UserNames() []string { return slices.Sorted(maps.Keys(s.Users)) }

// RoleNames returns the names of all roles, sorted.
func (s State) RoleNames() []string { return slices.Sorted(maps.Keys(s.Roles)) }

// Holders returns the names of the users that have each role, sorted.
func (s State) Holders() map[string][]string {
	holders := map[string][]string{}
	for _, name := range s.UserNames() {
		roles := slices.Sorted(slices.Values(s.Users[name].Roles))
		for _, role := range slices.Compact(roles) {
			holders[role] = append(holders[role], name)
		}
	}
	return holders
}
