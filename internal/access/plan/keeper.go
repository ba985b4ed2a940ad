package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// keeperPrefix begins the names of temporary roles, with which no user loses access
// between two stages. If an interrupted run leaves such roles, the next run removes
// them.
const keeperPrefix = "ectl-keep-"

// IsKeeper reports whether the role is a temporary role of a plan: its name is
// ectl-keep- and a number.
func IsKeeper(role string) bool {
	number, found := strings.CutPrefix(role, keeperPrefix)
	_, err := strconv.Atoi(number)
	return found && err == nil
}

// keepAndFinish completes the plan with temporary roles. It grants them to users who
// would lack a required permission after all takes. Then it does all takes and all
// gives, and deletes the temporary roles.
func (s *scheduler) keepAndFinish() {
	ended := clone(s.state)
	doAll(ended, s.readyOf(s.removing, allOf(s.removing)).steps...)
	taken := ended.Decider()
	var keepers, memberships, deletions []*task
	roles := map[string]*task{} // by the permissions that they grant
	for _, user := range slices.Sorted(maps.Keys(s.bounds)) {
		must, left := s.bounds[user].must, taken.Effective(user)
		kept := keeperPermissions(must.Read.Difference(left.Read), must.Write.Difference(left.Write))
		if len(kept) == 0 {
			continue
		}
		what := fmt.Sprintf("%q", kept)
		role, made := roles[what]
		if !made {
			role = &task{Step: Step{Verb: AddRole, Role: s.unusedKeeper()}}
			roles[what] = role
			keepers = append(keepers, role)
			for _, p := range kept {
				keepers = append(keepers, &task{Step: Step{Verb: GrantKeys, Role: role.Role, Permission: p}, needs: []*task{role}})
			}
			deletions = append(deletions, &task{Step: Step{Verb: DeleteRole, Role: role.Role}})
		}
		memberships = append(memberships, &task{Step: Step{Verb: GrantRole, User: user, Role: role.Role}, needs: []*task{role}})
	}
	keepers = append(keepers, memberships...)
	for _, pending := range []*[]*task{&keepers, &s.removing, &s.adding, &deletions} {
		chosen := map[*task]bool{}
		all := s.readyOf(*pending, allOf(*pending))
		s.do(all.steps)
		all.choose(chosen)
		s.end(pending, chosen)
	}
}

// unusedKeeper returns an unused name for a temporary role.
func (s *scheduler) unusedKeeper() string {
	for {
		s.keepers++
		name := fmt.Sprint(keeperPrefix, s.keepers)
		if _, used := s.state.Roles[name]; !used {
			return name
		}
	}
}

// keeperPermissions returns permissions that allow exactly to read the keys of read,
// and to write the keys of write.
func keeperPermissions(read, write access.Set) []access.Permission {
	var permissions []access.Permission
	both := read.Intersection(write)
	for _, part := range []struct {
		access access.Access
		keys   access.Set
	}{{access.ReadWrite, both}, {access.Read, read.Difference(both)}, {access.Write, write.Difference(both)}} {
		for _, r := range part.keys.Ranges() {
			permissions = append(permissions, access.Permission{Access: part.access, Range: r})
		}
	}
	return permissions
}
