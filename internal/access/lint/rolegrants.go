package lint

import (
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

// roleGrants is a role whose grants are checked one after another, in order. Each
// grant is compared with earlier grants that are not superfluous, and with all later
// grants.
type roleGrants struct {
	access.Role
	spans     []access.Span
	coverage  [access.ReadWrite]*coverage             // of kept grants: by access-1
	within    [access.ReadWrite + 1]*containers       // of kept grants, by access
	sameKeys  groups[access.Span]                     // grants on the same keys
	sameRange groups[[2]string]                       // grants on the same range in the same notation
	counts    map[[2]string][access.ReadWrite + 1]int // by range: grants with each access
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

// done marks the i-th grant as checked. If it is superfluous, later grants are not
// compared with it.
func (g *roleGrants) done(i int, superfluous bool) {
	g.sameKeys.done(i, superfluous)
	g.sameRange.done(i, superfluous)
	if superfluous {
		g.count(i, -1)
		g.within[g.Permissions[i].Access].remove(i)
	}
}

// wider returns a grant that covers more keys than the i-th and allows at least the
// same access. It prefers a grant with more access.
func (g *roleGrants) wider(i int) (p access.Permission, found bool) {
	a := g.Permissions[i].Access
	for _, kind := range []access.Access{access.ReadWrite, a} {
		if j, found := g.within[kind].find(g.spans[i]); found {
			return g.Permissions[j], true
		}
	}
	return p, false
}

// covered reports whether the other grants allow everything that the i-th grant
// allows. Grants on the same keys count only in part, see groups.
func (g *roleGrants) covered(i int) bool {
	for _, kind := range g.Permissions[i].Access.Kinds() {
		if g.coverage[kind-1].min(g.spans[i]) <= g.sameKeys.leftOut(i, kind) {
			return false
		}
	}
	return true
}

// without returns the steps that remove the i-th permission from the role. A revoke
// removes all permissions on the same range in the same notation. The second step
// therefore grants the others again.
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

// once returns the steps that merge all grants on the range of the i-th into one.
func (g *roleGrants) once(i int) []plan.Step {
	p := g.Permissions[i]
	for kind, some := range g.counts[p.Range.Notation()] {
		if some > 0 {
			p.Access |= access.Access(kind)
		}
	}
	return []plan.Step{revoke(g.Name, p.Range), grant(g.Name, p)}
}

// steps returns the units of work, for tests.
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

// groups counts the kept grants that have a key in common, by group and access. Of
// two grants in a group, the one with more access is kept. If both have the same
// access, the first one is kept. A grant is not compared with grants of its group
// that allow less, or with later ones that allow the same.
type groups[K comparable] struct {
	of    func(i int) K
	all   []access.Permission
	kept  map[K]*[access.ReadWrite + 1]int
	front map[K]*[access.ReadWrite + 1]int // the kept grants that were already checked
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

// hasAnother reports whether the i-th grant is compared with another grant of its
// group.
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

// leftOut returns the number of grants of the group that allow kind and are not
// compared with the i-th. The i-th itself counts.
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

// revoke returns the step that revokes the permissions on r from the role.
func revoke(role string, r access.Range) plan.Step {
	return plan.Step{Verb: plan.RevokeKeys, Role: role, Permission: access.Permission{Range: r}}
}
