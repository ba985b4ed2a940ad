package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
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
	needs  []*task
	before access.Access // of a grant that is changed or taken
	done   bool
}

// bounds are what a user must be able to do at any time, and may.
type bounds struct {
	must, may access.Effective
}

// scheduler orders the steps of a plan.
type scheduler struct {
	state   access.State       // when the stages so far are done
	decider *access.Decider    // of the state; nil: it has changed
	bounds  map[string]*bounds // users that may do the same have the same
	gives   []*task            // what adds access, or none; in the order in which it costs the server least
	takes   []*task
	stages  []Stage
	keepers int // how many numbers of roles for a while are taken

	steps int // how many pieces of the work were done, for tests
}

// stages returns the steps of the plan, ordered.
func stages(p *Plan) []Stage { return newScheduler(p).schedule(p) }

func newScheduler(p *Plan) *scheduler {
	s := &scheduler{state: clone(p.Before), bounds: map[string]*bounds{}}
	s.tasks(p)
	return s
}

func (s *scheduler) schedule(p *Plan) []Stage {
	if len(s.gives)+len(s.takes) == 0 {
		return nil
	}
	before, after := p.Before.Decider(), p.After.Decider()
	known := map[[2]string]*bounds{}
	for _, name := range names(p.Before.Users, p.After.Users) {
		like := [2]string{before.Like(name), after.Like(name)}
		if known[like] == nil {
			old, now := before.Effective(name), after.Effective(name)
			known[like] = &bounds{
				must: access.Effective{Root: old.Root && now.Root, Read: old.Read.Intersection(now.Read), Write: old.Write.Intersection(now.Write)},
				may:  access.Effective{Root: old.Root || now.Root, Read: old.Read.Union(now.Read), Write: old.Write.Union(now.Write)},
			}
		}
		s.bounds[name] = known[like]
	}
	for {
		given := s.stage(&s.gives, s.exceeds, s.alwaysExceeds)
		taken := s.stage(&s.takes, s.lacks, s.alwaysLacks)
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

// do does steps in the state, and returns what takes them back.
func (s *scheduler) do(steps []Step) (undo func()) {
	s.decider = nil
	touched := map[string]bool{}
	for _, step := range steps {
		if !touched[step.Role] {
			touched[step.Role] = true
			s.steps += len(s.state.Roles[step.Role].Permissions)
		}
	}
	s.steps += len(steps)
	back := doAll(s.state, steps...)
	return func() {
		s.decider = nil
		back()
	}
}

// now returns what answers questions about the state.
func (s *scheduler) now() *access.Decider {
	if s.decider == nil {
		s.decider = s.state.Decider()
	}
	return s.decider
}

// tasks turns the differences of p into tasks.
func (s *scheduler) tasks(p *Plan) {
	var roles, grants, users []*task
	newRole, newUser := map[string]*task{}, map[string]*task{}
	// The server replaces the access of a grant in one step only if its role
	// never holds another permission that begins with the same key.
	before, after := countAtKeys(p.Before), countAtKeys(p.After)
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
			return &task{Step: step, needs: needs, before: d.Before}
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
			case d.Before.Has(d.After) && before.alone(d) && after.alone(d): // readwrite to read, say
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

// atKeys counts the permissions of roles by the key that they begin with.
type atKeys map[[2]string]int // by role and key

func countAtKeys(s access.State) atKeys {
	counts := atKeys{}
	for name, role := range s.Roles {
		for _, p := range role.Permissions {
			counts[[2]string{name, string(p.Range.Key)}]++
		}
	}
	return counts
}

// alone says whether the role of the changed grant d holds no other permission
// that begins with the same key.
func (a atKeys) alone(d Difference) bool { return a[[2]string{d.Role, string(d.Range.Key)}] <= 1 }

// exceeds says whether the user may do something that it must not.
func (s *scheduler) exceeds(user string) bool {
	now, may := s.now().Effective(user), s.bounds[user].may
	s.steps += len(now.Grants)
	return now.Root && !may.Root || !now.Read.Difference(may.Read).IsEmpty() || !now.Write.Difference(may.Write).IsEmpty()
}

// lacks says whether the user may not do something that it must be able to.
func (s *scheduler) lacks(user string) bool {
	now, must := s.now().Effective(user), s.bounds[user].must
	s.steps += len(now.Grants)
	return must.Root && !now.Root || !must.Read.Difference(now.Read).IsEmpty() || !must.Write.Difference(now.Write).IsEmpty()
}

// alwaysExceeds returns what says whether a task is wrong for a user, whatever
// else is done with it: it grants what the user may not be allowed to a role that
// the user has. It is a short cut, and does not find all of them.
func (s *scheduler) alwaysExceeds(user string) func(t *task) bool {
	roles, may := setOf(s.state.Users[user].Roles), s.bounds[user].may
	return func(t *task) bool {
		return t.Verb == GrantKeys && roles[t.Role] && !t.Permission.Range.IsEmpty() && !may.Allows(t.Permission.Access, t.Permission.Range)
	}
}

// alwaysLacks returns what says whether a task is wrong for a user, whatever else
// is done with it: it takes the only grant on what the user must be allowed. It is
// a short cut, and does not find all of them.
func (s *scheduler) alwaysLacks(user string) func(t *task) bool {
	roles, must, now := setOf(s.state.Users[user].Roles), s.bounds[user].must, s.now().Effective(user)
	needed := map[access.Access]access.Set{}
	for _, kind := range access.ReadWrite.Kinds() {
		needed[kind] = must.Keys(kind).Difference(now.GrantedTwice(kind))
	}
	return func(t *task) bool {
		if !roles[t.Role] || t.Verb != RevokeKeys && t.Verb != GrantKeys {
			return false
		}
		for kind, keys := range needed {
			if taken := t.Verb == RevokeKeys && t.before.Has(kind) || t.Verb == GrantKeys && !t.Permission.Access.Has(kind); taken && keys.Touches(t.Permission.Range) {
				return true
			}
		}
		return false
	}
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// stage makes a stage of as many tasks of pending as can be done without a
// user for whom wrong says so, and removes them from it. It says whether there
// was any. All tasks add access or all take it, so that what is right when all
// of them are done is right in between. always is a short cut to some that are
// wrong.
func (s *scheduler) stage(pending *[]*task, wrong func(user string) bool, always func(user string) func(*task) bool) bool {
	chosen := map[*task]bool{}
	all := s.readyOf(*pending, chosen)
	undo := s.do(all.steps)
	// Only these can stand in the way: to all others even all of it is right.
	wronged := map[string]bool{}
	type alike struct {
		bounds *bounds
		now    string
	}
	known := map[alike]bool{}
	for user, bounds := range s.bounds {
		like := alike{bounds, s.now().Like(user)}
		is, asked := known[like]
		if !asked {
			is = wrong(user)
			known[like] = is
		}
		if is {
			wronged[user] = true
		}
	}
	if len(wronged) == 0 {
		all.choose(chosen)
	} else {
		undo()
		concerned := concerned(s.state, wronged, *pending)
		refused := map[string]func(*task) bool{}
		for user := range wronged {
			refused[user] = always(user)
		}
		possible := slices.DeleteFunc(slices.Clone(*pending), func(t *task) bool {
			return slices.ContainsFunc(concerned(t), func(user string) bool { return refused[user](t) })
		})
		s.try(possible, chosen, concerned, wrong)
	}
	s.end(pending, chosen)
	return len(chosen) > 0
}

// batch is tasks that are done one after the other.
type batch struct {
	tasks []*task
	steps []Step
}

// readyOf returns those of tasks that are ready when the chosen ones, and those
// before them, are done.
func (s *scheduler) readyOf(tasks []*task, chosen map[*task]bool) batch {
	var b batch
	in := map[*task]bool{}
	for _, t := range tasks {
		s.steps++
		if !slices.ContainsFunc(t.needs, func(n *task) bool { return !n.done && !chosen[n] && !in[n] }) {
			in[t] = true
			b.tasks, b.steps = append(b.tasks, t), append(b.steps, t.Step)
		}
	}
	return b
}

// allOf returns tasks as if they were all chosen.
func allOf(tasks []*task) map[*task]bool {
	all := make(map[*task]bool, len(tasks))
	for _, t := range tasks {
		all[t] = true
	}
	return all
}

func (b batch) choose(chosen map[*task]bool) {
	for _, t := range b.tasks {
		chosen[t] = true
	}
}

// try does, one after the other, those of tasks that are not wrong for a user
// whom they concern, and adds them to chosen. If all of them together are right
// then each is; otherwise each half is tried.
func (s *scheduler) try(tasks []*task, chosen map[*task]bool, concerned func(*task) []string, wrong func(user string) bool) {
	b := s.readyOf(tasks, chosen)
	if len(b.tasks) == 0 {
		return
	}
	undo := s.do(b.steps)
	asked := map[string]bool{}
	for _, t := range b.tasks {
		for _, user := range concerned(t) {
			if asked[user] {
				continue
			}
			asked[user] = true
			if !wrong(user) {
				continue
			}
			undo()
			if half := len(tasks) / 2; half > 0 {
				s.try(tasks[:half], chosen, concerned, wrong)
				s.try(tasks[half:], chosen, concerned, wrong)
			}
			return
		}
	}
	b.choose(chosen)
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
	ended := clone(s.state)
	doAll(ended, s.readyOf(s.takes, allOf(s.takes)).steps...)
	taken := ended.Decider()
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
	for _, pending := range []*[]*task{&keepers, &s.takes, &s.gives, &deletions} {
		chosen := map[*task]bool{}
		all := s.readyOf(*pending, allOf(*pending))
		s.do(all.steps)
		all.choose(chosen)
		s.end(pending, chosen)
	}
}

// unusedKeeper returns the name of the next role to be made for a while.
func (s *scheduler) unusedKeeper() string {
	for {
		s.keepers++
		name := fmt.Sprint(keeperPrefix, s.keepers)
		if _, used := s.state.Roles[name]; !used {
			return name
		}
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
