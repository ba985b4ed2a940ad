// Package lint finds dangerous, probably unintended, or untidy grants, roles and users,
// and the steps that fix them. It does no I/O.
package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

// Finding is one result of Find.
type Finding struct {
	Rule   Rule
	Object string              // the checked object, for example "role app" or "user bob"
	Grants []access.Permission // the grants of the role that the finding is about, if any
	Why    string              // a sentence
	Fix    []plan.Step         // the steps of the fix; empty if the user must decide
	Waived string              // the reason of the waiver; empty if there is none
}

// Find checks all users, roles and permissions for problems: dangerous, probably not
// intended, or untidy. The findings are sorted by severity, highest first, then by
// rule and by object.
func Find(s access.State) []Finding {
	l := newLinter(s)
	l.lint()
	return l.findings
}

func newLinter(s access.State) *linter {
	l := &linter{state: s, decider: s.Decider(), rules: map[string]Rule{}, holders: s.Holders(), beside: map[string]string{}}
	for _, rule := range Rules() {
		l.rules[rule.Name] = rule
	}
	for _, role := range s.Roles {
		for _, p := range role.Permissions {
			l.known = append(l.known, place{string(p.Range.Key), p.Range.String()})
		}
	}
	slices.SortFunc(l.known, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.description, b.description))
	})
	l.known = slices.Compact(l.known)
	return l
}

func (l *linter) lint() {
	s := l.state
	for _, name := range s.UserNames() {
		l.user(s.Users[name])
	}
	for _, name := range s.RoleNames() {
		l.role(s.Roles[name])
	}
	order := map[string]int{}
	for i, rule := range Rules() {
		order[rule.Name] = i
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Rule.Severity, a.Rule.Severity), cmp.Compare(order[a.Rule.Name], order[b.Rule.Name]), cmp.Compare(a.Object, b.Object))
	})
}

// linter collects findings.
type linter struct {
	state    access.State
	decider  *access.Decider // for state
	rules    map[string]Rule
	holders  map[string][]string // by role
	known    []place             // the ranges with grants, sorted by key
	beside   map[string]string   // results of siblings, by prefix
	findings []Finding

	steps int // units of work, for tests
}

// place is a range on which a role has a grant.
type place struct{ key, description string }

func (l *linter) user(u access.User) {
	object := "user " + u.Name
	if slices.Contains(u.Roles, access.RootRole) && u.Name != access.RootUser {
		l.add(ruleRootHolder, object, nil, "it may do everything, users and roles included",
			plan.Step{Verb: plan.RevokeRole, User: u.Name, Role: access.RootRole})
	}
	if len(u.Roles) == 0 {
		l.add(ruleUserWithoutRole, object, nil, "it may log in and do nothing", plan.Step{Verb: plan.DeleteUser, User: u.Name})
	}
}

func (l *linter) role(r access.Role) {
	if r.Name == access.RootRole {
		return // its permissions have no effect
	}
	object := "role " + r.Name
	if len(l.holders[r.Name]) == 0 {
		l.add(ruleUnheldRole, object, nil, "no user has it: its permissions have no effect until a user is granted it", plan.Step{Verb: plan.DeleteRole, Role: r.Name})
	}
	if len(r.Permissions) == 0 {
		l.add(ruleEmptyRole, object, nil, "it grants nothing, so that holding it says nothing", plan.Step{Verb: plan.DeleteRole, Role: r.Name})
	}
	e := r.Effective()
	l.everyKey(object, r, e)
	grants := newRoleGrants(r)
	superfluous := l.superfluous(object, grants)
	for _, p := range r.Permissions {
		if !p.Range.IsEveryKey() {
			l.oneGrant(object, r.Name, p)
		}
	}
	l.adjacent(object, grants, superfluous)
	l.writeOnly(object, r, e)
	l.steps += grants.steps()
}

// everyKey finds roles that allow an access on every key, with one grant or with
// several together.
func (l *linter) everyKey(object string, r access.Role, e access.Effective) {
	var found access.Access
	for _, p := range r.Permissions {
		if p.Range.IsEveryKey() && p.AllowsAny() {
			found |= p.Access
			l.add(ruleWholeKeySpace, object, []access.Permission{p}, fmt.Sprintf("its users may %s every key, including future ones", verb(p.Access)),
				revoke(r.Name, p.Range))
		}
	}
	var together access.Access
	for _, kind := range access.ReadWrite.Kinds() {
		if e.Keys(kind).IsEveryKey() && !found.Has(kind) {
			together |= kind
		}
	}
	if together != 0 {
		l.add(ruleWholeKeySpace, object, nil, fmt.Sprintf("its grants together allow to %s every key, including future ones", verb(together)))
	}
}

// writeOnly finds keys that the role may write but not read. It ignores keys that
// every holder of the role can read through other roles.
func (l *linter) writeOnly(object string, r access.Role, e access.Effective) {
	blind := e.Write.Difference(e.Read)
	if blind.IsEmpty() {
		return
	}
	if holders := l.holders[r.Name]; len(holders) > 0 {
		seen := blind // readable by every holder
		for _, holder := range holders {
			if seen = seen.Intersection(l.decider.Effective(holder).Read); seen.IsEmpty() {
				break
			}
		}
		blind = blind.Difference(seen)
	}
	for _, p := range r.Permissions {
		if p.Access == access.Write && p.AllowsAny() && blind.Touches(p.Range) {
			l.add(ruleWriteOnly, object, []access.Permission{p}, "what is written there cannot be read by who writes it: a put that asks for the previous value, or a comparison, is denied",
				grant(r.Name, access.Permission{Access: access.ReadWrite, Range: p.Range}))
		}
	}
}

func (l *linter) add(rule, object string, grants []access.Permission, why string, fix ...plan.Step) {
	l.findings = append(l.findings, Finding{Rule: l.rules[rule], Object: object, Grants: grants, Why: why, Fix: fix})
}

// verb returns the access as a verb for a sentence.
func verb(a access.Access) string {
	if a == access.ReadWrite {
		return "read and write"
	}
	return a.String()
}
