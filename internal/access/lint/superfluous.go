package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

// superfluous finds grants that have no effect, and reports for each grant of the
// role whether it is one. It compares each grant without earlier grants that are
// superfluous themselves.
func (l *linter) superfluous(object string, g *roleGrants) []bool {
	is := make([]bool, len(g.Permissions))
	for i, p := range g.Permissions {
		if !p.AllowsAny() {
			continue
		}
		wider, isWider := g.wider(i)
		switch {
		case g.sameKeys.hasAnother(i):
			fix := g.once(i)
			if !g.sameRange.hasAnother(i) {
				fix = g.without(i) // the duplicate is in another notation
			}
			is[i] = g.covered(i)
			l.add(ruleDuplicate, object, []access.Permission{p}, "the role has another grant on the same range, and both count: the server keeps the old one at times when a grant is changed",
				fix...)
		case isWider && wider.Access != p.Access:
			l.add(ruleNarrower, object, []access.Permission{p, wider}, fmt.Sprintf("it restricts nothing: %s of the same role still counts, and nothing can be denied", wider),
				g.without(i)...)
			is[i] = true
		case g.covered(i):
			why := "other grants of the role cover it"
			if isWider {
				why = fmt.Sprintf("%s of the same role covers it", wider)
			}
			l.add(ruleShadowed, object, []access.Permission{p}, why, g.without(i)...)
			is[i] = true
		}
		g.done(i, is[i])
	}
	return is
}

// adjacent finds pairs of grants with the same access that touch or overlap. It
// compares each grant with the previous one by start.
func (l *linter) adjacent(object string, g *roleGrants, superfluous []bool) {
	var pairs [][2]int
	for _, kind := range []access.Access{access.Read, access.Write, access.ReadWrite} {
		var order []int
		for i, p := range g.Permissions {
			if !superfluous[i] && p.Access == kind && p.AllowsAny() {
				order = append(order, i)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(g.spans[a].Start, g.spans[b].Start) })
		for n := 1; n < len(order); n++ {
			l.steps++
			i, j := order[n-1], order[n]
			if end := g.spans[i].End; end == "" || end >= g.spans[j].Start {
				pairs = append(pairs, [2]int{min(i, j), max(i, j)})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, pair := range pairs {
		p, o := g.Permissions[pair[0]], g.Permissions[pair[1]]
		one := access.Permission{Access: p.Access, Range: access.SetOf(p.Range, o.Range).Ranges()[0]}
		l.add(ruleAdjacent, object, []access.Permission{p, o}, fmt.Sprintf("together they are %s", one),
			slices.Concat([]plan.Step{grant(g.Name, one)}, g.without(pair[0]), g.without(pair[1]))...)
	}
}
