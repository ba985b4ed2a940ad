package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
)

// randomState returns few users and roles on few keys, so that they have much
// to do with one another.
func randomState(r *rand.Rand) access.State {
	s := access.NewState()
	ranges := []access.Range{
		{Key: []byte("a")}, {Key: []byte("a"), End: []byte("c")}, {Key: []byte("a"), End: []byte("b")}, {Key: []byte("b")},
		{Key: []byte("b"), End: []byte("c")}, {Key: []byte("c")}, {Key: []byte("b"), End: []byte(access.OpenEnd)},
	}
	var roles []string
	for i := range 4 {
		if r.IntN(5) == 0 {
			continue
		}
		name := fmt.Sprintf("r%d", i)
		roles = append(roles, name)
		role := access.Role{Name: name}
		for range r.IntN(4) {
			p := access.Permission{Access: access.Access(1 + r.IntN(3)), Range: ranges[r.IntN(len(ranges))]}
			if !slices.ContainsFunc(role.Permissions, func(q access.Permission) bool { return q.Range.Equal(p.Range) }) {
				role.Permissions = append(role.Permissions, p)
			}
		}
		slices.SortStableFunc(role.Permissions, byKey)
		s.Roles[name] = role
	}
	roles = append(roles, access.RootRole)
	s.Roles[access.RootRole] = access.Role{Name: access.RootRole}
	s.Users[access.RootUser] = access.User{Name: access.RootUser, Roles: []string{access.RootRole}}
	for i := range 4 {
		if r.IntN(5) == 0 {
			continue
		}
		user := access.User{Name: fmt.Sprintf("u%d", i)}
		for _, role := range roles {
			if r.IntN(3) == 0 && (role != access.RootRole || r.IntN(5) == 0) {
				user.Roles = append(user.Roles, role)
			}
		}
		s.Users[user.Name] = user
	}
	return s
}

// policyOf returns the policy that s follows.
func policyOf(s access.State) policy.Policy {
	p := policy.Policy{Roles: map[string]policy.Role{}, Users: map[string]policy.User{}}
	for name, role := range s.Roles {
		if name != access.RootRole {
			p.Roles[name] = policy.Role{Name: name, Permissions: role.Permissions}
		}
	}
	for name, user := range s.Users {
		p.Users[name] = policy.User{Name: name, Roles: user.Roles, Password: policy.Password{Source: policy.None}}
	}
	return p
}

// inSomeOrder returns the steps of a stage in a random order that heeds needs.
func inSomeOrder(r *rand.Rand, stage Stage) []Step {
	var steps []Step
	done := map[int]bool{}
	for len(steps) < len(stage) {
		i := r.IntN(len(stage))
		ready := !slices.ContainsFunc(stage[i].Needs, func(n int) bool { return !done[n] })
		if !done[i] && ready {
			done[i], steps = true, append(steps, stage[i])
		}
	}
	return steps
}

// between fails if a user lacks in now what both old and final allow, or
// has what neither does.
func between(old, final, now access.State) error {
	for _, user := range names(now.Users, names2(old, final)) {
		before, after, at := old.Effective(user), final.Effective(user), now.Effective(user)
		for _, kind := range []access.Access{access.Read, access.Write} {
			if lost := before.Keys(kind).Intersection(after.Keys(kind)).Difference(at.Keys(kind)); !lost.IsEmpty() {
				return fmt.Errorf("%s cannot %s %s", user, kind, lost)
			}
			if extra := at.Keys(kind).Difference(before.Keys(kind).Union(after.Keys(kind))); !extra.IsEmpty() {
				return fmt.Errorf("%s can %s %s", user, kind, extra)
			}
		}
		if at.Root && !before.Root && !after.Root || !at.Root && before.Root && after.Root {
			return fmt.Errorf("%s is root: %t", user, at.Root)
		}
	}
	return nil
}

func names2(a, b access.State) map[string]access.User {
	all := map[string]access.User{}
	for _, name := range names(a.Users, b.Users) {
		all[name] = access.User{}
	}
	return all
}

func describe(s access.State) string {
	var text strings.Builder
	for _, name := range s.RoleNames() {
		fmt.Fprintf(&text, "%s %s\n", name, s.Roles[name].Permissions)
	}
	for _, name := range s.UserNames() {
		fmt.Fprintf(&text, "%s %s\n", name, s.Users[name].Roles)
	}
	return text.String()
}

// At every point of the execution, in any order that the stages leave open,
// each user can do what both policies allow, and nothing that neither allows. This
// also holds if the execution ends at any point and starts again.
func TestNoUserLosesOrGainsAccessInBetween(t *testing.T) {
	kept, interrupted, longest := 0, 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		from, to := randomState(r), randomState(r)
		// A server that was narrowed in vain holds a range twice.
		for name, role := range from.Roles {
			if len(role.Permissions) > 0 && r.IntN(8) == 0 {
				twice := role.Permissions[r.IntN(len(role.Permissions))]
				twice.Access = access.Read
				role.Permissions = append(slices.Clone(role.Permissions), twice)
				slices.SortStableFunc(role.Permissions, byKey)
				from.Roles[name] = role
			}
		}
		options := Options{Prune: r.IntN(3) > 0}
		state := clone(from)
		var wanted access.State
		for run := 0; ; run++ {
			p, err := New(state, policyOf(to), options)
			if err != nil {
				t.Fatal(err)
			}
			if run == 0 {
				wanted = p.After
			} else if p.After.Effective("u1").Read.String() != wanted.Effective("u1").Read.String() {
				t.Fatalf("seed %d: started again, the plan ends in another state", seed)
			}
			longest = max(longest, len(p.Stages))
			var steps []Step
			for _, stage := range p.Stages {
				steps = append(steps, inSomeOrder(r, stage)...)
			}
			if slices.ContainsFunc(steps, func(s Step) bool { return s.Verb == AddRole && IsKeeper(s.Role) }) {
				kept++
			}
			stop := len(steps)
			if run < 3 && r.IntN(2) == 0 {
				stop = r.IntN(len(steps) + 1)
				interrupted++
			}
			for i, step := range steps[:stop] {
				step.Do(state)
				if err := between(from, wanted, state); err != nil {
					t.Fatalf("seed %d: after %q, step %d of %q: %v\nfrom\n%sto\n%s", seed, step, i, steps, err, describe(from), describe(wanted))
				}
			}
			if stop == len(steps) {
				break
			}
		}
		again, err := New(state, policyOf(to), options)
		if err != nil || !again.IsEmpty() || len(again.Stages) > 0 {
			t.Fatalf("seed %d: when all is done, the plan is %+v, %v", seed, again.Differences, err)
		}
		if err := between(wanted, wanted, state); err != nil {
			t.Fatalf("seed %d: when all is done, %v", seed, err)
		}
	}
	if kept < 10 || interrupted < 250 || longest < 4 {
		t.Errorf("only %d plans needed roles for a while, %d were interrupted, and the longest had %d stages", kept, interrupted, longest)
	}
	t.Logf("%d plans needed roles for a while, %d were interrupted, the longest had %d stages", kept, interrupted, longest)
}
