package lint

import (
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

// OfStep returns the findings about the permission or role that a step grants. It
// knows no other users and roles, so it can report a grant when it is made.
func OfStep(s plan.Step) []Finding {
	state := access.NewState()
	switch s.Verb {
	case plan.GrantKeys:
		if s.Role == access.RootRole {
			return nil // its permissions have no effect
		}
		role := access.Role{Name: s.Role, Permissions: []access.Permission{s.Permission}}
		state.Roles[s.Role] = role
		l := newLinter(state)
		object := "role " + s.Role
		if s.Permission.Range.IsEveryKey() {
			l.everyKey(object, role, role.Effective())
		} else {
			l.oneGrant(object, s.Role, s.Permission)
		}
		return l.findings
	case plan.GrantRole:
		if s.Role != access.RootRole {
			return nil
		}
		l := newLinter(state)
		l.user(access.User{Name: s.User, Roles: []string{s.Role}})
		return l.findings
	case plan.AddRole, plan.DeleteRole, plan.RevokeKeys, plan.AddUser, plan.DeleteUser, plan.SetPassword, plan.RevokeRole:
	}
	return nil
}
