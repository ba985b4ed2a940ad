package lint

import (
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

// roleGrants is a role whose grants are looked at one after the other, in their
// order, each beside those before it that are kept and those behind it.
type roleGrants struct {
	access.Role
	spans     []access.Span
	coverage  [access.ReadWrite]*coverage             // of the kept: by access-1, Read and Write
	within    [access.ReadWrite + 1]*containers       // of the kept, by their access
	sameKeys  groups[access.Span]                     // grants on the same keys
	sameRange groups[[2]string]                       // grants on the same range in the same notation
	counts    map[[2]string][access.ReadWrite + 1]int // how many grants with each access are on a range
}

func newRoleGrants(r access.Role) *roleGrants {
	g := &roleGrants{Role: r, spans: make([]access.Span, len(r.Permissions)), counts: map[[2]string][access.ReadWrite + 1]int{}}
	var counted []access.Span
	for i, p := range r.Permissions {
		on := p.Range.Notation()
		n := g.counts[on]
		n[p.Access]++
		g.counts[on] = n
		if p.AllowsAny() {
			g.spans[i], _ = p.Range.Span()
			counted = append(counted, g.spans[i])
		}
	}
	for _, kind := range access.ReadWrite.Kinds() {
		g.coverage[kind-1] = newCoverage(counted)
	}
	for kind := range g.within {
		g.within[kind] = newContainers(g.spans, func(i int) bool {
			return r.Permissions[i].AllowsAny() && r.Permissions[i].Access == access.Access(kind)
		})
	}
	g.sameKeys = newGroups(r.Permissions, func(i int) access.Span { return g.spans[i] })
	g.sameRange = newGroups(r.Permissions, func(i int) [2]string { return r.Permissions[i].Range.Notation() })
	for i, p := range r.Permissions {
		if p.AllowsAny() {
			g.count(i, 1)
		}
	}
	return g
}

func (g *roleGrants) count(i, n int) {
	for _, kind := range g.Permissions[i].Access.Kinds() {
		g.coverage[kind-1].add(g.spans[i], n)
	}
}

// done says that the i-th grant was looked at, and whether it is superfluous:
// then it is not beside those behind it.
func (g *roleGrants) done(i int, superfluous bool) {
	g.sameKeys.done(i, superfluous)
	g.sameRange.done(i, superfluous)
	if superfluous {
		g.count(i, -1)
		g.within[g.Permissions[i].Access].remove(i)
	}
}

// wider returns a grant on more keys than the i-th, that grants all that it
// grants: if there is one, one that grants more.
func (g *roleGrants) wider(i int) (p access.Permission, found bool) {
	a := g.Permissions[i].Access
	for _, kind := range []access.Access{access.ReadWrite, a} {
		if j, found := g.within[kind].find(g.spans[i]); found {
			return g.Permissions[j], true
		}
	}
	return p, false
}

// covered says whether the others allow all that the i-th grant allows. Of those
// on the same keys only some count, see groups.
func (g *roleGrants) covered(i int) bool {
	for _, kind := range g.Permissions[i].Access.Kinds() {
		if g.coverage[kind-1].min(g.spans[i]) <= g.sameKeys.leftOut(i, kind) {
			return false
		}
	}
	return true
}

// without returns the steps after which the role does not have the i-th of
// its permissions. Revoking takes all that are on the same range, in the same
// notation: the others are granted again.
func (g *roleGrants) without(i int) []plan.Step {
	p := g.Permissions[i]
	left := access.Permission{Range: p.Range}
	n := g.counts[p.Range.Notation()]
	n[p.Access]--
	for kind, some := range n {
		if some > 0 {
			left.Access |= access.Access(kind)
		}
	}
	steps := []plan.Step{revoke(g.Name, p.Range)}
	if left.Access != 0 {
		steps = append(steps, grant(g.Name, left))
	}
	return steps
}

// once returns the steps that make one grant of those on the range of the
// i-th.
func (g *roleGrants) once(i int) []plan.Step {
	p := g.Permissions[i]
	for kind, some := range g.counts[p.Range.Notation()] {
		if some > 0 {
			p.Access |= access.Access(kind)
		}
	}
	return []plan.Step{revoke(g.Name, p.Range), grant(g.Name, p)}
}

// steps returns how many pieces of the work were done.
func (g *roleGrants) steps() int {
	n := len(g.Permissions)
	for _, kind := range access.ReadWrite.Kinds() {
		n += g.coverage[kind-1].steps
	}
	for _, c := range g.within {
		n += c.steps
	}
	return n
}

// groups are grants that have something in common: how many of each group are
// kept, by their access. Of two in a group that grants more stays, or else the
// first: those that grant less than another, or the same behind it, are not
// beside it.
type groups[K comparable] struct {
	of    func(i int) K
	all   []access.Permission
	kept  map[K]*[access.ReadWrite + 1]int
	front map[K]*[access.ReadWrite + 1]int // of these, what was looked at
}

func newGroups[K comparable](permissions []access.Permission, of func(i int) K) groups[K] {
	g := groups[K]{of, permissions, map[K]*[access.ReadWrite + 1]int{}, map[K]*[access.ReadWrite + 1]int{}}
	for i, p := range permissions {
		if !p.AllowsAny() {
			continue
		}
		if g.kept[of(i)] == nil {
			g.kept[of(i)], g.front[of(i)] = &[access.ReadWrite + 1]int{}, &[access.ReadWrite + 1]int{}
		}
		g.kept[of(i)][p.Access]++
	}
	return g
}

func (g groups[K]) done(i int, superfluous bool) {
	if superfluous {
		g.kept[g.of(i)][g.all[i].Access]--
		return
	}
	g.front[g.of(i)][g.all[i].Access]++
}

// hasAnother says whether a grant of the group stands beside the i-th.
func (g groups[K]) hasAnother(i int) bool {
	p, kept, front := g.all[i], g.kept[g.of(i)], g.front[g.of(i)]
	for kind, n := range kept {
		switch other := access.Access(kind); {
		case n == 0:
		case other == p.Access:
			if front[other] > 0 {
				return true
			}
		case p.Access.Has(other):
		case other.Has(p.Access), front[other] > 0:
			return true
		}
	}
	return false
}

// leftOut returns how many grants of the group, the i-th included, allow kind
// and do not stand beside the i-th.
func (g groups[K]) leftOut(i int, kind access.Access) int {
	p, kept, front := g.all[i], g.kept[g.of(i)], g.front[g.of(i)]
	n := 0
	for kinds, some := range kept {
		switch other := access.Access(kinds); {
		case !other.Has(kind):
		case other == p.Access:
			n += some - front[other]
		case p.Access.Has(other):
			n += some
		}
	}
	return n
}

// grant returns the step that grants p to the role.
func grant(role string, p access.Permission) plan.Step {
	return plan.Step{Verb: plan.GrantKeys, Role: role, Permission: p}
}

// revoke returns the step that revokes from the role what is granted on r.
func revoke(role string, r access.Range) plan.Step {
	return plan.Step{Verb: plan.RevokeKeys, Role: role, Permission: access.Permission{Range: r}}
}
