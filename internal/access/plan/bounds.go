package plan

import (
	"github.com/ectl-io/ectl/internal/access"
)

// bounds limits the permissions of a user during the plan. The user must always have
// the permissions in must, and never more than those in may.
type bounds struct {
	must, may access.Effective
}

// exceeds reports whether the user has permissions beyond its bounds.
func (s *scheduler) exceeds(user string) bool {
	now, may := s.now().Effective(user), s.bounds[user].may
	s.steps += len(now.Grants)
	return now.Root && !may.Root || !now.Read.Difference(may.Read).IsEmpty() || !now.Write.Difference(may.Write).IsEmpty()
}

// lacks reports whether the user lacks permissions that its bounds require.
func (s *scheduler) lacks(user string) bool {
	now, must := s.now().Effective(user), s.bounds[user].must
	s.steps += len(now.Grants)
	return must.Root && !now.Root || !must.Read.Difference(now.Read).IsEmpty() || !must.Write.Difference(now.Write).IsEmpty()
}

// alwaysExceeds returns a function that reports whether a task is wrong for the user,
// regardless of the other tasks. Such a task grants a role of the user permissions
// beyond the user's bounds. The function is a quick filter: it does not detect all
// such tasks.
func (s *scheduler) alwaysExceeds(user string) func(t *task) bool {
	roles, may := setOf(s.state.Users[user].Roles), s.bounds[user].may
	return func(t *task) bool {
		return t.Verb == GrantKeys && roles[t.Role] && !t.Permission.Range.IsEmpty() && !may.Allows(t.Permission.Access, t.Permission.Range)
	}
}

// alwaysLacks returns a function that reports whether a task is wrong for the user,
// regardless of the other tasks. Such a task removes the only grant of a permission
// that the user's bounds require. The function is a quick filter: it does not detect
// all such tasks.
func (s *scheduler) alwaysLacks(user string) func(t *task) bool {
	roles, must, now := setOf(s.state.Users[user].Roles), s.bounds[user].must, s.now().Effective(user)
	needed := map[access.Access]access.Set{}
	for _, kind := range access.ReadWrite.Kinds() {
		needed[kind] = must.Keys(kind).Difference(now.GrantedTwice(kind))
	}
	return func(t *task) bool {
		if !roles[t.Role] || t.Verb != RevokeKeys && t.Verb != GrantKeys {
			return false
		}
		for kind, keys := range needed {
			if taken := t.Verb == RevokeKeys && t.before.Has(kind) || t.Verb == GrantKeys && !t.Permission.Access.Has(kind); taken && keys.Touches(t.Permission.Range) {
				return true
			}
		}
		return false
	}
}
