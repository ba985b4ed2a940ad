package access

import (
	"fmt"
	"maps"
	"slices"
)

// Access is the kind of access to keys: a combination of Read and Write.
type Access uint8

// The kinds of access. ReadWrite combines Read and Write.
const (
	Read Access = 1 << iota
	Write
	ReadWrite = Read | Write
)

// AccessNames returns the names that ParseAccess accepts.
func AccessNames() []string {
	return []string{Read.String(), Write.String(), ReadWrite.String()}
}

// ParseAccess returns the access with the name read, write or readwrite. It returns
// an error for any other name.
func ParseAccess(name string) (Access, error) {
	for _, a := range []Access{Read, Write, ReadWrite} {
		if a.String() == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("unknown access %q; it is read, write or readwrite", name)
}

// String returns the name that ParseAccess accepts, or "none".
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

// Has reports whether a includes all of wanted.
func (a Access) Has(wanted Access) bool { return a&wanted == wanted }

// Kinds returns the parts of a, each Read or Write.
func (a Access) Kinds() []Access {
	var kinds []Access
	for _, kind := range []Access{Read, Write} {
		if a.Has(kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Permission is one permission of a role: an access to a range of keys.
type Permission struct {
	Access Access
	Range  Range
}

// String returns a readable description, for example "read prefix /a/".
func (p Permission) String() string { return p.Access.String() + " " + p.Range.String() }

// Equal reports whether p and q grant the same access on the same range, in the same
// notation.
func (p Permission) Equal(q Permission) bool {
	return p.Access == q.Access && p.Range.Equal(q.Range)
}

// Merged joins permissions on the same range, in the same notation, into one. A
// server can hold several of them, which add up (etcd-io/etcd#21845). Each result
// keeps the position of its first permission.
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

// Role is a role with its permissions, in the server's order (by key).
type Role struct {
	Name        string
	Permissions []Permission
}

// Effective returns what a user with only this role may do.
func (r Role) Effective() Effective {
	s := NewState()
	s.Roles[r.Name] = r
	s.Users[""] = User{Roles: []string{r.Name}}
	return s.Effective("")
}

// User is a user with the names of its roles, in the server's order (by name).
type User struct {
	Name  string
	Roles []string
}

// State holds all users and roles at one moment, by name. A role that a user names
// but that does not exist allows nothing, as in the server.
type State struct {
	Users map[string]User
	Roles map[string]Role
}

// NewState returns a state without users or roles.
func NewState() State { return State{Users: map[string]User{}, Roles: map[string]Role{}} }

// UserNames returns the names of all users, sorted.
func (s State) UserNames() []string { return slices.Sorted(maps.Keys(s.Users)) }

// RoleNames returns the names of all roles, sorted.
func (s State) RoleNames() []string { return slices.Sorted(maps.Keys(s.Roles)) }

// Holders returns, for each role, the names of the users that have it, sorted.
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
