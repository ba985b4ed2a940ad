package plan

import (
	"fmt"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
)

// largeChange returns two states of n permissions, which differ in another way
// for each kind.
func largeChange(kind string, n int) (before, after access.State) {
	before, after = access.NewState(), access.NewState()
	for _, s := range []access.State{before, after} {
		s.Roles[access.RootRole] = access.Role{Name: access.RootRole}
		s.Users[access.RootUser] = access.User{Name: access.RootUser, Roles: []string{access.RootRole}}
		s.Users["bob"] = access.User{Name: "bob", Roles: []string{"big"}}
		s.Users["eve"] = access.User{Name: "eve", Roles: []string{"big"}}
	}
	grants := func(s access.State, role, prefix string, a access.Access, count int) {
		var permissions []access.Permission
		for i := range count {
			permissions = append(permissions, access.Permission{Access: a, Range: access.Range{Key: fmt.Appendf(nil, "/%s/%07d", prefix, i)}})
		}
		s.Roles[role] = access.Role{Name: role, Permissions: permissions}
	}
	grants(before, "big", "old", access.Read, n)
	grants(after, "big", "old", access.Read, n)
	switch kind {
	case "added":
		grants(before, "big", "old", access.Read, 0)
	case "removed":
		grants(after, "big", "old", access.Read, 0)
	case "exchanged":
		grants(after, "big", "new", access.Read, n)
	case "narrowed":
		grants(before, "big", "old", access.ReadWrite, n)
	case "another access":
		grants(after, "big", "old", access.Write, n)
	case "a member less, and more access":
		grants(after, "big", "new", access.Read, n)
		after.Users["bob"] = access.User{Name: "bob"}
	case "a member more, and less access":
		grants(after, "big", "new", access.Read, n)
		before.Users["bob"] = access.User{Name: "bob"}
	case "from one role to another":
		grants(after, "other", "old", access.Read, n)
		grants(after, "big", "new", access.Read, n)
		after.Users["bob"] = access.User{Name: "bob", Roles: []string{"other"}}
	case "roles that change places":
		grants(before, "other", "new", access.Read, n)
		grants(after, "other", "old", access.Read, n)
		grants(after, "big", "new", access.Read, n)
		before.Users["bob"] = access.User{Name: "bob", Roles: []string{"other"}}
	}
	return before, after
}

// Four times the permissions are less than eight times the work, which would be
// sixteen if each were looked at for each.
func TestTheWorkOfPlanningGrowsWithThePermissions(t *testing.T) {
	for _, kind := range []string{
		"added", "removed", "exchanged", "narrowed", "another access", "a member less, and more access",
		"a member more, and less access", "from one role to another", "roles that change places",
	} {
		t.Run(kind, func(t *testing.T) {
			steps := func(n int) int {
				before, after := largeChange(kind, n)
				p, err := New(before, policyOf(after), Options{Prune: true})
				if err != nil {
					t.Fatal(err)
				}
				if len(p.Differences) < n {
					t.Fatalf("%s: only %d differences", kind, len(p.Differences))
				}
				s := newScheduler(p)
				stages := s.schedule(p)
				state, done := clone(before), 0
				for _, stage := range stages {
					doAll(state, stage...)
					done += len(stage)
				}
				if describe(state) != describe(p.After) {
					t.Fatalf("%s: %d steps in %d stages do not end as planned", kind, done, len(stages))
				}
				return s.steps
			}
			if few, many := steps(500), steps(2000); few < 500 || many > 8*few {
				t.Errorf("%s: %d steps of work, and with four times the permissions %d", kind, few, many)
			}
		})
	}
}
