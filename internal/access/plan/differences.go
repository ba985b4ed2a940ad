package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
)

// builder computes the differences of a plan.
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

// unnamed records something that the policy does not name and that stays without Prune.
func (b *builder) unnamed(format string, args ...any) {
	b.plan.Unnamed = append(b.plan.Unnamed, fmt.Sprintf(format, args...))
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
			// The permissions of root have no effect.
			b.plan.After.Roles[name] = there
		case named:
			b.plan.After.Roles[name] = b.grants(there, role)
		case IsKeeper(name), b.options.Prune && name != access.RootRole:
			b.add(Difference{Action: Remove, Subject: Role, Role: name})
		default:
			if name != access.RootRole {
				b.unnamed("role %s", name)
			}
			b.plan.After.Roles[name] = there
		}
	}
}

// grants returns the role with its permissions after the plan, and adds the
// differences.
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
		case !keep:
			b.unnamed("%s of role %s", p, wanted.Name)
		case access != p.Access:
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

// grantedRanges holds the permissions of a role, with one entry per range.
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

// of returns the access on exactly the range r, and whether there is one.
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
			if name != access.RootUser {
				b.unnamed("user %s", name)
			}
			b.plan.After.Users[name] = b.memberships(there, policy.User{Name: name, Roles: there.Roles})
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
	if user.Password.Source == policy.NotGiven {
		b.problems = append(b.problems, policy.Problem{
			At:      user.At,
			Message: fmt.Sprintf("the user %s does not exist yet, and the policy gives no source of its password", user.Name),
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

// memberships returns the user with its roles after the plan, and adds the
// differences.
func (b *builder) memberships(there access.User, wanted policy.User) access.User {
	after := access.User{Name: there.Name}
	held, named := setOf(there.Roles), setOf(wanted.Roles)
	for _, role := range there.Roles {
		if _, exists := b.plan.After.Roles[role]; !exists && role != access.RootRole {
			continue // removed with the role
		}
		if !b.options.Prune || named[role] {
			after.Roles = append(after.Roles, role)
			if !named[role] && (there.Name != access.RootUser || role != access.RootRole) {
				b.unnamed("role %s of user %s", role, there.Name)
			}
			continue
		}
		switch {
		case there.Name == access.RootUser && role == access.RootRole:
			b.keep("the user root keeps the role root, although the policy does not grant it")
			after.Roles = append(after.Roles, role)
		case there.Name == b.options.Identity:
			b.keep("%s keeps the role %s, although the policy does not grant it, because apply runs as %s", there.Name, role, there.Name)
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

// names returns the keys of both maps, sorted and without duplicates.
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
