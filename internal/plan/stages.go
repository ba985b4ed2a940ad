package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/policy"
)

// Verb is what a step does. Each is one request of the API.
type Verb string

// The verbs.
const (
	AddRole     Verb = "add role"
	DeleteRole  Verb = "delete role"
	GrantKeys   Verb = "grant permission"
	RevokeKeys  Verb = "revoke permission"
	AddUser     Verb = "add user"
	DeleteUser  Verb = "delete user"
	SetPassword Verb = "set password"
	GrantRole   Verb = "grant role"
	RevokeRole  Verb = "revoke role"
)

// Step is one request.
type Step struct {
	Verb       Verb
	Role, User string
	Permission access.Permission // of GrantKeys and RevokeKeys
	NoPassword bool              // of AddUser

	// Needs are the indexes of those steps of the same stage that must be done
	// before.
	Needs []int
}

// String says what the step does: "grant readwrite prefix /a/ to role app".
func (s Step) String() string {
	switch s.Verb {
	case AddRole, DeleteRole:
		return fmt.Sprintf("%s %s", s.Verb, s.Role)
	case GrantKeys:
		return fmt.Sprintf("grant %s to role %s", s.Permission, s.Role)
	case RevokeKeys:
		return fmt.Sprintf("revoke %s from role %s", s.Permission.Range, s.Role)
	case GrantRole:
		return fmt.Sprintf("grant role %s to user %s", s.Role, s.User)
	case RevokeRole:
		return fmt.Sprintf("revoke role %s from user %s", s.Role, s.User)
	case SetPassword:
		return "set the password of user " + s.User
	case AddUser, DeleteUser:
	}
	return fmt.Sprintf("%s %s", s.Verb, s.User)
}

// Stage is steps that may be done in any order and at the same time, but for
// their Needs. A stage begins when the one before it has ended.
type Stage []Step

// Do does the step in s, as the server does it. It does not fail: what is not
// there is not changed.
func (s Step) Do(state access.State) {
	role, user := state.Roles[s.Role], state.Users[s.User]
	switch s.Verb {
	case AddRole:
		state.Roles[s.Role] = access.Role{Name: s.Role}
	case DeleteRole:
		delete(state.Roles, s.Role)
		for name, user := range state.Users {
			if slices.Contains(user.Roles, s.Role) {
				user.Roles = without(user.Roles, s.Role)
				state.Users[name] = user
			}
		}
	case GrantKeys:
		role.Permissions = grantKeys(role.Permissions, s.Permission)
		state.Roles[s.Role] = role
	case RevokeKeys:
		role.Permissions = slices.DeleteFunc(slices.Clone(role.Permissions), func(p access.Permission) bool { return p.Range.Equal(s.Permission.Range) })
		state.Roles[s.Role] = role
	case AddUser:
		state.Users[s.User] = access.User{Name: s.User}
	case DeleteUser:
		delete(state.Users, s.User)
	case GrantRole:
		if !slices.Contains(user.Roles, s.Role) {
			user.Roles = slices.Sorted(slices.Values(append(slices.Clone(user.Roles), s.Role)))
			state.Users[s.User] = user
		}
	case RevokeRole:
		user.Roles = without(user.Roles, s.Role)
		state.Users[s.User] = user
	case SetPassword:
	}
}

func without(roles []string, role string) []string {
	return slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return r == role })
}

// grantKeys grants as the server does (RoleGrantPermission of package auth in
// etcd 3.4 to 3.7): it looks at the first permission with the same key alone.
// Where that has the same end, too, its access is replaced; otherwise one more
// permission is added, even where another one is on exactly that range.
func grantKeys(permissions []access.Permission, p access.Permission) []access.Permission {
	permissions = slices.Clone(permissions)
	if i := slices.IndexFunc(permissions, func(q access.Permission) bool { return byKey(p, q) == 0 }); i >= 0 && permissions[i].Range.Equal(p.Range) {
		permissions[i].Access = p.Access
		return permissions
	}
	permissions = append(permissions, p)
	slices.SortStableFunc(permissions, byKey)
	return permissions
}

// Stages are ordered so that at no point anybody
//
//   - cannot do what both the old and the new state allow it, or
//   - can do what neither allows it.
//
// What adds access is done first as far as the second rule allows, and what
// takes access then, as far as the first one does, again and again: the usual
// plan has two stages. Where both rules together allow no next step, users who
// would lose something in between are given it by a role of its own for the
// time of the rest, in which everything that takes goes before everything that
// adds.

// task is a step to be ordered, with the tasks that must be done before.
type task struct {
	Step
	needs []*task
	done  bool
}

// bounds are what a user must be able to do at any time, and may.
type bounds struct {
	must, may access.Effective
}

// scheduler orders the steps of a plan.
type scheduler struct {
	state  access.State // when the stages so far are done
	bounds map[string]bounds
	gives  []*task // what adds access, or none; in the order in which it costs the server least
	takes  []*task
	stages []Stage
}

// stages returns the steps of the plan, ordered.
func stages(p *Plan) []Stage {
	s := &scheduler{state: clone(p.Before), bounds: map[string]bounds{}}
	s.tasks(p)
	if len(s.gives)+len(s.takes) == 0 {
		return nil
	}
	for _, name := range names(p.Before.Users, p.After.Users) {
		old, now := p.Before.Effective(name), p.After.Effective(name)
		s.bounds[name] = bounds{
			must: access.Effective{Root: old.Root && now.Root, Read: old.Read.Intersection(now.Read), Write: old.Write.Intersection(now.Write)},
			may:  access.Effective{Root: old.Root || now.Root, Read: old.Read.Union(now.Read), Write: old.Write.Union(now.Write)},
		}
	}
	for {
		given := s.stage(&s.gives, s.exceeds)
		taken := s.stage(&s.takes, s.lacks)
		if len(s.gives)+len(s.takes) == 0 {
			return s.stages
		}
		if !given && !taken {
			s.keepAndFinish()
			return s.stages
		}
	}
}

func clone(s access.State) access.State {
	return access.State{Users: maps.Clone(s.Users), Roles: maps.Clone(s.Roles)}
}

// tasks turns the differences of p into tasks.
func (s *scheduler) tasks(p *Plan) {
	var roles, grants, users []*task
	newRole, newUser := map[string]*task{}, map[string]*task{}
	needed := func(made ...*task) (needs []*task) {
		for _, t := range made {
			if t != nil {
				needs = append(needs, t)
			}
		}
		return needs
	}
	for _, d := range p.Differences {
		step := Step{Role: d.Role, User: d.User, Permission: access.Permission{Access: d.After, Range: d.Range}}
		give := func(verb Verb, needs ...*task) *task {
			step.Verb = verb
			return &task{Step: step, needs: needs}
		}
		take := func(verb Verb) *task {
			t := give(verb)
			s.takes = append(s.takes, t)
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
			case d.After.Has(d.Before): // read to readwrite, say
				grants = append(grants, give(GrantKeys))
			case d.Before.Has(d.After) && aloneAtKey(p, d): // readwrite to read, say
				take(GrantKeys)
			default:
				// Read to write, where nothing is allowed before and after; or
				// the server would add a permission and keep the old one.
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
	// Each change costs the server what there are users: roles come first, and
	// the roles of a user with it.
	s.gives = slices.Concat(roles, grants, users)
	// For the same reason users go first.
	slices.SortStableFunc(s.takes, func(a, b *task) int { return takeOrder(a.Verb) - takeOrder(b.Verb) })
}

func takeOrder(v Verb) int {
	return slices.Index([]Verb{DeleteUser, RevokeRole, RevokeKeys, GrantKeys, DeleteRole}, v)
}

// aloneAtKey says whether the role of the changed grant d never holds another
// permission that begins with the same key. Then the server replaces its access
// in one step.
func aloneAtKey(p *Plan, d Difference) bool {
	for _, state := range []access.State{p.Before, p.After} {
		n := 0
		for _, q := range state.Roles[d.Role].Permissions {
			if byKey(access.Permission{Range: d.Range}, q) == 0 {
				n++
			}
		}
		if n > 1 {
			return false
		}
	}
	return true
}

// exceeds says whether the user may do something that it must not.
func (s *scheduler) exceeds(user string) bool {
	now, may := s.state.Effective(user), s.bounds[user].may
	return now.Root && !may.Root || !now.Read.Difference(may.Read).IsEmpty() || !now.Write.Difference(may.Write).IsEmpty()
}

// lacks says whether the user may not do something that it must be able to.
func (s *scheduler) lacks(user string) bool {
	now, must := s.state.Effective(user), s.bounds[user].must
	return must.Root && !now.Root || !must.Read.Difference(now.Read).IsEmpty() || !must.Write.Difference(now.Write).IsEmpty()
}

// stage makes a stage of as many tasks of pending as can be done without a
// user for whom wrong says so, and removes them from it. It says whether there
// was any. All tasks add access or all take it, so that what is right when all
// of them are done is right in between.
func (s *scheduler) stage(pending *[]*task, wrong func(user string) bool) bool {
	start := s.state
	s.state = clone(start)
	chosen := map[*task]bool{}
	for _, t := range *pending {
		if t.ready(chosen) {
			t.Do(s.state)
			chosen[t] = true
		}
	}
	// Only these can stand in the way: to all others even all of it is right.
	wronged := map[string]bool{}
	for user := range s.bounds {
		if wrong(user) {
			wronged[user] = true
		}
	}
	if len(wronged) > 0 {
		s.state = clone(start)
		clear(chosen)
		concerned := concerned(start, wronged, *pending)
		for _, t := range *pending {
			if t.ready(chosen) && s.try(t, concerned(t), wrong) {
				chosen[t] = true
			}
		}
	}
	s.end(pending, chosen)
	return len(chosen) > 0
}

// ready says whether everything that t needs is done, or chosen for the stage.
func (t *task) ready(chosen map[*task]bool) bool {
	return !slices.ContainsFunc(t.needs, func(n *task) bool { return !n.done && !chosen[n] })
}

// concerned returns which of users a task may concern: the one that it is about,
// and those that have its role, or are about to.
func concerned(s access.State, users map[string]bool, pending []*task) func(*task) []string {
	holders := map[string][]string{}
	for user := range users {
		for _, role := range s.Users[user].Roles {
			holders[role] = append(holders[role], user)
		}
	}
	for _, t := range pending {
		if t.Verb == GrantRole && users[t.User] {
			holders[t.Role] = append(holders[t.Role], t.User)
		}
	}
	return func(t *task) []string {
		if t.User == "" {
			return holders[t.Role]
		}
		if users[t.User] {
			return []string{t.User}
		}
		return nil
	}
}

// try does t unless it is wrong for one of users, and says whether it did.
func (s *scheduler) try(t *task, users []string, wrong func(user string) bool) bool {
	undo := s.undoing(t.Step)
	t.Do(s.state)
	if slices.ContainsFunc(users, wrong) {
		undo()
		return false
	}
	return true
}

// undoing returns what takes the step back, which is not done yet. A state may
// have thousands of users, and few are touched.
func (s *scheduler) undoing(step Step) func() {
	role, hadRole := s.state.Roles[step.Role]
	users := map[string]access.User{}
	if user, had := s.state.Users[step.User]; had {
		users[step.User] = user
	}
	if step.Verb == DeleteRole {
		for name, user := range s.state.Users {
			if slices.Contains(user.Roles, step.Role) {
				users[name] = user
			}
		}
	}
	return func() {
		if delete(s.state.Roles, step.Role); hadRole {
			s.state.Roles[step.Role] = role
		}
		delete(s.state.Users, step.User)
		maps.Copy(s.state.Users, users)
	}
}

// end makes a stage of the chosen tasks of pending.
func (s *scheduler) end(pending *[]*task, chosen map[*task]bool) {
	if len(chosen) == 0 {
		return
	}
	var stage Stage
	index := map[*task]int{}
	var rest []*task
	for _, t := range *pending {
		if !chosen[t] {
			rest = append(rest, t)
			continue
		}
		for _, n := range t.needs {
			if i, here := index[n]; here {
				t.Needs = append(t.Needs, i)
			}
		}
		index[t] = len(stage)
		stage = append(stage, t.Step)
	}
	for t := range chosen {
		t.done = true
	}
	*pending = rest
	s.stages = append(s.stages, stage)
}

// keepAndFinish gives roles of their own to those who would lack something
// when all takes are done, and does then all takes, all gives, and deletes the
// roles.
func (s *scheduler) keepAndFinish() {
	taken := clone(s.state)
	for _, t := range s.takes {
		t.Do(taken)
	}
	var keepers, memberships, deletions []*task
	roles := map[string]*task{} // by what they grant
	for _, user := range slices.Sorted(maps.Keys(s.bounds)) {
		must, left := s.bounds[user].must, taken.Effective(user)
		kept := keeperPermissions(must.Read.Difference(left.Read), must.Write.Difference(left.Write))
		if len(kept) == 0 {
			continue
		}
		what := fmt.Sprintf("%q", kept)
		role, made := roles[what]
		if !made {
			role = &task{Step: Step{Verb: AddRole, Role: s.unusedKeeper(len(roles))}}
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
	for _, pending := range []*[]*task{&keepers, &s.takes, &s.gives, &deletions} {
		chosen := map[*task]bool{}
		for _, t := range *pending {
			t.Do(s.state)
			chosen[t] = true
		}
		s.end(pending, chosen)
	}
}

// unusedKeeper returns the name of the n-th role to be made for a while.
func (s *scheduler) unusedKeeper(n int) string {
	for i := 1; ; i++ {
		name := fmt.Sprint(keeperPrefix, i)
		if _, used := s.state.Roles[name]; used {
			continue
		}
		if n == 0 {
			return name
		}
		n--
	}
}

// keeperPermissions returns the permissions that allow exactly to read and to
// write these keys.
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
