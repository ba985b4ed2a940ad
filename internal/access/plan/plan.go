// Package plan computes the changes that make a cluster's users and roles match a
// policy, the effect on each user, and a safe order. It does no I/O.
package plan

import (
	"fmt"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
)

// Options controls how New follows a policy.
type Options struct {
	// Prune removes everything that the policy does not name. Without Prune, the plan
	// changes only permissions that the policy names, and removes nothing.
	Prune bool

	// Identity is the user that will execute the plan, or empty if it is unknown. The
	// plan takes nothing from this user, and keeps its password.
	Identity string

	// NewPasswords lists existing users whose password differs from the policy.
	NewPasswords []string
}

// Action is the kind of a difference.
type Action string

// The actions.
const (
	Add    Action = "add"
	Change Action = "change"
	Remove Action = "remove"
)

// Subject is the kind of object that is changed.
type Subject string

// The subjects.
const (
	Role       Subject = "role"
	Grant      Subject = "grant"      // a permission of a role
	User       Subject = "user"       //
	Membership Subject = "membership" // a role of a user
	Password   Subject = "password"   // of an existing user
)

// Difference is one change that the plan makes.
type Difference struct {
	Action  Action
	Subject Subject
	Role    string // of a role, grant or membership
	User    string // of a user, membership or password

	Before access.Access // of a grant that is changed or removed
	After  access.Access // of a grant that is changed or added
	Range  access.Range  // of a grant

	Password policy.Password // of a user that is added, or of a password
}

// Plan is the list of changes after which a cluster follows a policy.
type Plan struct {
	Before, After access.State
	Differences   []Difference // sorted by name: roles with grants, then users with roles
	Effects       []Effect     // on users whose permissions or passwords change, by name
	Kept          []string     // sentences on what the plan keeps despite the policy
	Unnamed       []string     // sentences on what stays although the policy does not name it; Prune removes it
	Stages        []Stage
}

// New returns the plan after which before follows p. The error is of type
// policy.Errors, and lists gaps and conflicts of the policy.
func New(before access.State, p policy.Policy, o Options) (*Plan, error) {
	b := &builder{policy: p, options: o, plan: &Plan{Before: before, After: access.NewState()}}
	b.roles()
	b.users()
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	b.plan.Effects = withPasswords(effects(before, b.plan.After), b.plan.Differences)
	b.plan.Stages = stages(b.plan)
	return b.plan, nil
}

// IsEmpty reports whether the plan has no differences.
func (p *Plan) IsEmpty() bool { return len(p.Differences) == 0 }

// OnlyAdds reports whether each step adds something that was not there. A grant on keys of
// another grant replaces it.
func (p *Plan) OnlyAdds() bool {
	for _, stage := range p.Stages {
		for _, step := range stage {
			switch step.Verb {
			case AddRole, AddUser, GrantRole:
			case GrantKeys:
				if slices.ContainsFunc(p.Before.Roles[step.Role].Permissions, func(had access.Permission) bool { return had.Range.String() == step.Permission.Range.String() }) {
					return false
				}
			case DeleteRole, RevokeKeys, DeleteUser, SetPassword, RevokeRole:
				return false
			}
		}
	}
	return true
}

// DeletesUsers reports whether the plan deletes a user.
func (p *Plan) DeletesUsers() bool {
	for _, stage := range p.Stages {
		if slices.ContainsFunc(stage, func(step Step) bool { return step.Verb == DeleteUser }) {
			return true
		}
	}
	return false
}

// Count returns the number of differences with the action.
func (p *Plan) Count(action Action) int {
	n := 0
	for _, d := range p.Differences {
		if d.Action == action {
			n++
		}
	}
	return n
}

// NewAccess returns the users that gain permissions or whose password changes. A new
// password counts, because a person who knows it can act as the user.
func (p *Plan) NewAccess() []string {
	var users []string
	for _, e := range p.Effects {
		if e.GainsAny() {
			users = append(users, e.User)
		}
	}
	return users
}

// Expectations returns the assertions that do not hold after the plan, as problems of
// the policy.
func (p *Plan) Expectations(expected []policy.Assertion) policy.Errors {
	var failed policy.Errors
	checker := policy.NewChecker(p.After)
	for _, a := range expected {
		if why, holds := checker.Check(a); !holds {
			failed = append(failed, policy.Problem{At: a.At, Message: fmt.Sprintf("not so afterwards: %s: %s", a.Text, why)})
		}
	}
	return failed
}
