package plan

import (
	"maps"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
)

// Stages are ordered so that at no time a user
//
//   - lacks a permission that both the old and the new state give, or
//   - has a permission that neither state gives.
//
// The scheduler alternates between two kinds of stages. First it adds as much access as
// the second rule allows, then it removes as much as the first rule allows. A typical
// plan has two stages. If both rules together allow no further step, the scheduler adds
// temporary roles. They give users what they would otherwise lose in between. Then it
// removes all remaining access before it adds the rest, and deletes the temporary roles.

// scheduler orders the steps of a plan.
type scheduler struct {
	state    access.State       // after the stages so far
	decider  *access.Decider    // of the state; nil after a change of the state
	bounds   map[string]*bounds // by user; shared by users with the same permissions
	adding   []*task            // tasks that do not remove access, cheapest order first
	removing []*task
	stages   []Stage
	keepers  int // the last number used for a temporary role

	steps int // units of work, for tests
}

// stages returns the ordered steps of the plan.
func stages(p *Plan) []Stage { return newScheduler(p).schedule(p) }

func newScheduler(p *Plan) *scheduler {
	s := &scheduler{state: clone(p.Before), bounds: map[string]*bounds{}}
	s.tasks(p)
	return s
}

func (s *scheduler) schedule(p *Plan) []Stage {
	if len(s.adding)+len(s.removing) == 0 {
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
		given := s.stage(&s.adding, s.exceeds, s.alwaysExceeds)
		taken := s.stage(&s.removing, s.lacks, s.alwaysLacks)
		if len(s.adding)+len(s.removing) == 0 {
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

// do applies steps to the state, and returns a function that reverts them.
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

// now returns the Decider for the current state.
func (s *scheduler) now() *access.Decider {
	if s.decider == nil {
		s.decider = s.state.Decider()
	}
	return s.decider
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// stage moves as many tasks of pending as possible into a new stage, so that no user
// becomes wrong. It reports whether there was any such task. Either all tasks add
// access or all remove it. So if the state is right after all tasks, it is right in
// between. always is a quick filter for tasks that are wrong in any combination.
func (s *scheduler) stage(pending *[]*task, wrong func(user string) bool, always func(user string) func(*task) bool) bool {
	chosen := map[*task]bool{}
	all := s.readyOf(*pending, chosen)
	undo := s.do(all.steps)
	// Only these users can prevent a task. For all others, the result of all tasks is
	// right.
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

// batch is a list of tasks that are done one after another.
type batch struct {
	tasks []*task
	steps []Step
}

// readyOf returns the tasks whose needs are done, chosen, or earlier in the batch.
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

// allOf returns a set in which all tasks are chosen.
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

// try applies those of tasks that are not wrong for any user concerned, and adds them
// to chosen. If all of them together are right, each is right. Otherwise try splits
// the list, and tries each half.
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

// concerned returns a function that lists which of users a task may affect. These are
// the user of the task, or the users that have its role or are about to get it.
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

// end makes a stage of the chosen tasks, and removes them from pending.
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
