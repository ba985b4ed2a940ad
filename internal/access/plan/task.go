package plan

import (
	"slices"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
)

// task is a step to be ordered, with the tasks that must be done earlier.
type task struct {
	Step
	needs  []*task
	before access.Access // the old access of a grant that is changed or removed
	done   bool
}

// tasks turns the differences of p into tasks.
func (s *scheduler) tasks(p *Plan) {
	var roles, grants, users []*task
	newRole, newUser := map[string]*task{}, map[string]*task{}
	// The server replaces the access of a grant in one step only in one case. The
	// role must not hold, at any time, another permission that begins with the same
	// key.
	before, after := countAtKeys(p.Before), countAtKeys(p.After)
	needed := func(made ...*task) []*task {
		return slices.DeleteFunc(made, func(t *task) bool { return t == nil })
	}
	for _, d := range p.Differences {
		step := Step{Role: d.Role, User: d.User, Permission: access.Permission{Access: d.After, Range: d.Range}}
		give := func(verb Verb, needs ...*task) *task {
			step.Verb = verb
			return &task{Step: step, needs: needs, before: d.Before}
		}
		take := func(verb Verb) *task {
			t := give(verb)
			s.removing = append(s.removing, t)
			return t
		}
		switch d.Subject {
		case Role:
			if d.Action == Remove {
				take(DeleteRole)
				continue
			}
			newRole[d.Role] = give(AddRole)
			roles = append(roles, newRole[d.Role])
		case Grant:
			switch {
			case d.Action == Remove:
				take(RevokeKeys)
			case d.Action == Add:
				grants = append(grants, give(GrantKeys, needed(newRole[d.Role])...))
			case d.After.Has(d.Before): // for example read to readwrite
				grants = append(grants, give(GrantKeys))
			case d.Before.Has(d.After) && before.alone(d) && after.alone(d): // for example readwrite to read
				take(GrantKeys)
			default:
				// Two cases remain. From read to write, the old and the new access
				// have nothing in common. Otherwise the server would add a permission
				// and keep the old one.
				revoke := take(RevokeKeys)
				grants = append(grants, give(GrantKeys, revoke))
			}
		case User:
			if d.Action == Remove {
				take(DeleteUser)
				continue
			}
			step.NoPassword = d.Password.Source == policy.None
			newUser[d.User] = give(AddUser)
			users = append(users, newUser[d.User])
		case Membership:
			if d.Action == Remove {
				take(RevokeRole)
				continue
			}
			users = append(users, give(GrantRole, needed(newRole[d.Role], newUser[d.User])...))
		case Password:
			users = append(users, give(SetPassword))
		}
	}
	// The cost of each change on the server grows with the number of users. So roles
	// come before users, and the roles of a user directly after the user.
	s.adding = slices.Concat(roles, grants, users)
	// For the same reason, users are deleted first.
	slices.SortStableFunc(s.removing, func(a, b *task) int { return takeOrder(a.Verb) - takeOrder(b.Verb) })
}

func takeOrder(v Verb) int {
	return slices.Index([]Verb{DeleteUser, RevokeRole, RevokeKeys, GrantKeys, DeleteRole}, v)
}

// atKeys counts the permissions of each role by their first key.
type atKeys map[[2]string]int // by role and key

func countAtKeys(s access.State) atKeys {
	counts := atKeys{}
	for name, role := range s.Roles {
		for _, p := range role.Permissions {
			counts[[2]string{name, string(p.Range.Key)}]++
		}
	}
	return counts
}

// alone reports whether the role of the changed grant d holds no other permission
// that begins with the same key.
func (a atKeys) alone(d Difference) bool { return a[[2]string{d.Role, string(d.Range.Key)}] <= 1 }
