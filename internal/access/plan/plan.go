// Package plan computes the changes that make a cluster's users and roles match a
// policy, the effect on each user, and a safe order. It does no I/O.
package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// The actions, as plans show them.
const (
	Add    Action = "+"
	Change Action = "~"
	Remove Action = "-"
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

// Effect is what the plan means for a user: the keys that it can read or write
// after it and not before, and the other way round.
type Effect struct {
	User                  string
	Added, Deleted        bool
	BecomesRoot           bool // gains the role root
	StopsBeingRoot        bool
	NewPassword           bool // it is there, and gets another password: others may know that
	GainsRead, GainsWrite access.Set
	LosesRead, LosesWrite access.Set
}

// GainsAny says whether the user can do anything that it could not before.
func (e Effect) GainsAny() bool {
	return e.BecomesRoot || e.NewPassword || !e.GainsRead.IsEmpty() || !e.GainsWrite.IsEmpty()
}

// LosesAny says whether the user cannot do something any more.
func (e Effect) LosesAny() bool {
	return e.StopsBeingRoot || !e.LosesRead.IsEmpty() || !e.LosesWrite.IsEmpty()
}

// Plan is what makes a cluster follow a policy.
type Plan struct {
	Before, After access.State
	Differences   []Difference // roles with their grants, then users with their roles, by name
	Effects       []Effect     // of those users who can do more or less, by name
	Kept          []string     // sentences on what the policy would remove, and the plan does not
	Stages        []Stage
}

// keeperPrefix begins the names of the roles that stages make for a while, so
// that nobody loses access in between. What an interrupted run left of them is
// removed by the next.
const keeperPrefix = "ectl-keep-"

// IsKeeper says whether the role was made by a plan for the time of its
// execution: its name is ectl-keep- and a number.
func IsKeeper(role string) bool {
	number, found := strings.CutPrefix(role, keeperPrefix)
	_, err := strconv.Atoi(number)
	return found && err == nil
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

// builder makes the differences of a plan.
type builder struct {
	policy   policy.Policy
	options  Options
	plan     *Plan
	problems policy.Errors
}

func (b *builder) add(d Difference) { b.plan.Differences = append(b.plan.Differences, d) }

func (b *builder) keep(format string, args ...any) {
	b.plan.Kept = append(b.plan.Kept, fmt.Sprintf(format, args...))
}

func (b *builder) roles() {
	before, wanted := b.plan.Before.Roles, b.policy.State().Roles
	for _, name := range names(before, wanted) {
		there, exists := before[name]
		role, named := wanted[name]
		switch {
		case named && IsKeeper(name):
			b.problems = append(b.problems, policy.Problem{
				At:      b.policy.Roles[name].At,
				Message: fmt.Sprintf("the name %q is taken by the roles that apply makes for a while", name),
				Hint:    "choose another",
			})
		case named && !exists:
			b.add(Difference{Action: Add, Subject: Role, Role: name})
			b.plan.After.Roles[name] = b.grants(there, role)
		case named && name == access.RootRole:
			// Whatever it holds means nothing.
			b.plan.After.Roles[name] = there
		case named:
			b.plan.After.Roles[name] = b.grants(there, role)
		case IsKeeper(name), b.options.Prune && name != access.RootRole:
			b.add(Difference{Action: Remove, Subject: Role, Role: name})
		default:
			b.plan.After.Roles[name] = there
		}
	}
}

// grants returns the role with the permissions that it is to have, and adds
// the differences.
func (b *builder) grants(there, wanted access.Role) access.Role {
	after := access.Role{Name: wanted.Name}
	held := granted(there.Permissions)
	named := granted(wanted.Permissions)
	for _, p := range held.permissions {
		access, keep := named.of(p.Range)
		switch {
		case !keep && b.options.Prune:
			b.add(Difference{Action: Remove, Subject: Grant, Role: wanted.Name, Before: p.Access, Range: p.Range})
			continue
		case keep && access != p.Access:
			b.add(Difference{Action: Change, Subject: Grant, Role: wanted.Name, Before: p.Access, After: access, Range: p.Range})
			p.Access = access
		}
		after.Permissions = append(after.Permissions, p)
	}
	for _, p := range named.permissions {
		if _, there := held.of(p.Range); !there {
			b.add(Difference{Action: Add, Subject: Grant, Role: wanted.Name, After: p.Access, Range: p.Range})
			after.Permissions = append(after.Permissions, p)
		}
	}
	slices.SortStableFunc(after.Permissions, byKey)
	return after
}

func byKey(a, b access.Permission) int {
	return strings.Compare(string(a.Range.Key), string(b.Range.Key))
}

// grantedRanges are the permissions of a role, each range once.
type grantedRanges struct {
	permissions []access.Permission
	on          map[[2]string]access.Access // by the notation of the range
}

func granted(permissions []access.Permission) grantedRanges {
	g := grantedRanges{access.Merged(permissions), map[[2]string]access.Access{}}
	for _, p := range g.permissions {
		g.on[p.Range.Notation()] = p.Access
	}
	return g
}

// of returns the access that is granted on exactly the range r.
func (g grantedRanges) of(r access.Range) (access.Access, bool) {
	a, ok := g.on[r.Notation()]
	return a, ok
}

func (b *builder) users() {
	before, wanted := b.plan.Before.Users, b.policy.Users
	newPasswords := setOf(b.options.NewPasswords)
	for _, name := range names(before, wanted) {
		there, exists := before[name]
		user, named := wanted[name]
		switch {
		case named && !exists:
			b.newUser(user)
		case named:
			b.plan.After.Users[name] = b.memberships(there, user)
			if newPasswords[name] {
				if name == b.options.Identity {
					b.keep("the password of %s stays, because apply runs as %s", name, name)
				} else {
					b.add(Difference{Action: Change, Subject: Password, User: name, Password: user.Password})
				}
			}
		case !b.options.Prune:
			b.plan.After.Users[name] = b.memberships(there, policy.User{Name: name})
		case name == access.RootUser:
			b.keep("the user root stays, though the policy does not name it")
			b.plan.After.Users[name] = there
		case name == b.options.Identity:
			b.keep("the user %s stays, though the policy does not name it, because apply runs as %s", name, name)
			b.plan.After.Users[name] = there
		default:
			b.add(Difference{Action: Remove, Subject: User, User: name})
		}
	}
}

func (b *builder) newUser(user policy.User) {
	if user.Password.Source == policy.Unsaid {
		b.problems = append(b.problems, policy.Problem{
			At:      user.At,
			Message: fmt.Sprintf("the user %s is not there yet, and the policy does not say what its password is", user.Name),
			Hint:    "add password: {env: VARIABLE}, {file: PATH}, {command: LINE}, {generate: true} or none",
		})
	}
	b.add(Difference{Action: Add, Subject: User, User: user.Name, Password: user.Password})
	roles := slices.Sorted(slices.Values(user.Roles))
	for _, role := range roles {
		b.add(Difference{Action: Add, Subject: Membership, User: user.Name, Role: role})
	}
	b.plan.After.Users[user.Name] = access.User{Name: user.Name, Roles: roles}
}

// memberships returns the user with the roles that it is to have, and adds the
// differences.
func (b *builder) memberships(there access.User, wanted policy.User) access.User {
	after := access.User{Name: there.Name}
	held, named := setOf(there.Roles), setOf(wanted.Roles)
	for _, role := range there.Roles {
		if _, exists := b.plan.After.Roles[role]; !exists && role != access.RootRole {
			continue // goes with the role
		}
		if !b.options.Prune || named[role] {
			after.Roles = append(after.Roles, role)
			continue
		}
		switch {
		case there.Name == access.RootUser && role == access.RootRole:
			b.keep("the user root keeps the role root, though the policy does not say so")
			after.Roles = append(after.Roles, role)
		case there.Name == b.options.Identity:
			b.keep("%s keeps the role %s, though the policy does not say so, because apply runs as %s", there.Name, role, there.Name)
			after.Roles = append(after.Roles, role)
		default:
			b.add(Difference{Action: Remove, Subject: Membership, User: there.Name, Role: role})
		}
	}
	for _, role := range slices.Sorted(slices.Values(wanted.Roles)) {
		if !held[role] {
			b.add(Difference{Action: Add, Subject: Membership, User: there.Name, Role: role})
			after.Roles = append(after.Roles, role)
		}
	}
	slices.Sort(after.Roles)
	return after
}

// names returns the keys of both maps, sorted.
func names[A, B any](a map[string]A, b map[string]B) []string {
	var all []string
	for name := range a {
		all = append(all, name)
	}
	for name := range b {
		if _, both := a[name]; !both {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// withPasswords adds to the effects those of the passwords that change.
func withPasswords(all []Effect, differences []Difference) []Effect {
	byName := func(e Effect, name string) int { return strings.Compare(e.User, name) }
	for _, d := range differences {
		if d.Subject != Password {
			continue
		}
		at, found := slices.BinarySearchFunc(all, d.User, byName)
		if !found {
			all = slices.Insert(all, at, Effect{User: d.User})
		}
		all[at].NewPassword = true
	}
	return all
}

// effects returns what going from before to after means for users.
func effects(before, after access.State) []Effect {
	var all []Effect
	olds, nows := before.Decider(), after.Decider()
	known := map[[2]string]Effect{}
	for _, name := range names(before.Users, after.Users) {
		_, there := before.Users[name]
		_, stays := after.Users[name]
		like := [2]string{olds.Like(name), nows.Like(name)}
		e, found := known[like]
		if !found {
			old, now := olds.Effective(name), nows.Effective(name)
			e = Effect{
				BecomesRoot: now.Root && !old.Root, StopsBeingRoot: old.Root && !now.Root,
				GainsRead: now.Read.Difference(old.Read), GainsWrite: now.Write.Difference(old.Write),
				LosesRead: old.Read.Difference(now.Read), LosesWrite: old.Write.Difference(now.Write),
			}
			known[like] = e
		}
		e.User, e.Added, e.Deleted = name, !there, !stays
		if e.GainsAny() || e.LosesAny() {
			all = append(all, e)
		}
	}
	return all
}
