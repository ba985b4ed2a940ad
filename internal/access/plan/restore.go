package plan

import (
	"slices"

	"github.com/ectl-io/ectl/internal/access"
)

// EffectsOf returns the effects on users of a change from before to after.
func EffectsOf(before, after access.State) []Effect { return effects(before, after) }

// Restore returns the steps that add what after lacks of before. A user that must be
// added again needs a new password.
func Restore(before, after access.State) []Step {
	var steps []Step
	for _, name := range before.RoleNames() {
		now, there := after.Roles[name]
		if !there {
			steps = append(steps, Step{Verb: AddRole, Role: name})
		}
		has := granted(now.Permissions)
		for _, p := range access.Merged(before.Roles[name].Permissions) {
			if now, there := has.of(p.Range); !there || now != p.Access {
				steps = append(steps, Step{Verb: GrantKeys, Role: name, Permission: p})
			}
		}
	}
	for _, name := range before.UserNames() {
		now, there := after.Users[name]
		if !there {
			steps = append(steps, Step{Verb: AddUser, User: name})
		}
		for _, role := range before.Users[name].Roles {
			if !slices.Contains(now.Roles, role) {
				steps = append(steps, Step{Verb: GrantRole, User: name, Role: role})
			}
		}
	}
	return steps
}
