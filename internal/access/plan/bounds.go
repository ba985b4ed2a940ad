package plan

import (
	"github.com/ectl-io/ectl/internal/access"
)

// bounds are what a user must be able to do at any time, and may.
type bounds struct {
	must, may access.Effective
}

// exceeds says whether the user may do something that it must not.
func (s *scheduler) exceeds(user string) bool {
	now, may := s.now().Effective(user), s.bounds[user].may
	s.steps += len(now.Grants)
	return now.Root && !may.Root || !now.Read.Difference(may.Read).IsEmpty() || !now.Write.Difference(may.Write).IsEmpty()
}

// lacks says whether the user may not do something that it must be able to.
func (s *scheduler) lacks(user string) bool {
	now, must := s.now().Effective(user), s.bounds[user].must
	s.steps += len(now.Grants)
	return must.Root && !now.Root || !must.Read.Difference(now.Read).IsEmpty() || !must.Write.Difference(now.Write).IsEmpty()
}

// alwaysExceeds returns what says whether a task is wrong for a user, whatever
// else is done with it: it grants what the user may not be allowed to a role that
// the user has. It is a short cut, and does not find all of them.
func (s *scheduler) alwaysExceeds(user string) func(t *task) bool {
	roles, may := setOf(s.state.Users[user].Roles), s.bounds[user].may
	return func(t *task) bool {
		return t.Verb == GrantKeys && roles[t.Role] && !t.Permission.Range.IsEmpty() && !may.Allows(t.Permission.Access, t.Permission.Range)
	}
}

// alwaysLacks returns what says whether a task is wrong for a user, whatever else
// is done with it: it takes the only grant on what the user must be allowed. It is
// a short cut, and does not find all of them.
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
