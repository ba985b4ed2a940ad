// Package plan computes the changes that make a cluster's users and roles match a
// policy, the effect on each user, and a safe order. It does no I/O.
package plan

import (
	"fmt"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
)

// Options is how a policy is to be followed.
type Options struct {
	// Prune removes what the policy does not name. Without it only the
	// permissions that the policy names are changed, and nothing is removed.
	Prune bool

	// Identity is the user that the plan will be executed as, or empty where
	// that is unknown. Nothing is taken from it, and its password stays.
	Identity string

	// NewPasswords are the users there whose password the policy says, and is
	// another one.
	NewPasswords []string
}

// Action is what happens to something.
type Action string

// The actions.
const (
	Add    Action = "add"
	Change Action = "change"
	Remove Action = "remove"
)

// Subject is what is changed.
type Subject string

// The subjects.
const (
	Role       Subject = "role"
	Grant      Subject = "grant"      // a permission of a role
	User       Subject = "user"       //
	Membership Subject = "membership" // a role of a user
	Password   Subject = "password"   // of a user that is there
)

// Difference is one thing that is to be changed.
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

// Plan is what makes a cluster follow a policy.
type Plan struct {
	Before, After access.State
	Differences   []Difference // roles with their grants, then users with their roles, by name
	Effects       []Effect     // of those users who can do more or less, by name
	Kept          []string     // sentences on what the policy would remove, and the plan does not
	Stages        []Stage
}

// New returns the plan that makes before follow p. The error is
// policy.Errors: what the policy leaves open.
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

// IsEmpty says whether there is nothing to do.
func (p *Plan) IsEmpty() bool { return len(p.Differences) == 0 }

// Count returns how many differences have the action.
func (p *Plan) Count(action Action) int {
	n := 0
	for _, d := range p.Differences {
		if d.Action == action {
			n++
		}
	}
	return n
}

// Takes says whether the plan takes anything away: access, a user, a role.
func (p *Plan) Takes() bool {
	return p.Count(Remove) > 0 || slices.ContainsFunc(p.Effects, Effect.LosesAny)
}

// NewAccess returns the users that can do more than before, or whose password
// changes: who knows the new one can do what the user can.
func (p *Plan) NewAccess() []string {
	var users []string
	for _, e := range p.Effects {
		if e.GainsAny() {
			users = append(users, e.User)
		}
	}
	return users
}

// Expectations returns the policy's assertions that do not hold once the plan
// is executed, as problems of the policy.
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
