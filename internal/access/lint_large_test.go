package access

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// superfluousByPairs does what linter.superfluous does by looking at all pairs.
// It returns the rule by which each grant is found, empty for none.
func superfluousByPairs(r Role) []string {
	found, is := make([]string, len(r.Permissions)), make([]bool, len(r.Permissions))
	for i, p := range r.Permissions {
		if !p.counts() {
			continue
		}
		var others []Permission
		duplicate, wider, narrower := false, false, false
		for j, o := range r.Permissions {
			if i == j || is[j] || !o.counts() {
				continue
			}
			same := SetOf(o.Range).Equal(SetOf(p.Range))
			more, less := o.Access.Has(p.Access), p.Access.Has(o.Access)
			if same && less && (!more || i < j) {
				continue
			}
			others = append(others, o)
			switch {
			case same:
				duplicate = duplicate || more || j < i
			case more && SetOf(o.Range).Contains(p.Range):
				wider, narrower = true, narrower || o.Access != p.Access
			}
		}
		covered := roleEffective(Role{Name: r.Name, Permissions: others}).Allows(p.Access, p.Range)
		switch {
		case duplicate:
			found[i], is[i] = ruleDuplicate, covered
		case wider && narrower:
			found[i], is[i] = ruleNarrower, true
		case covered:
			found[i], is[i] = ruleShadowed, true
		}
	}
	return found
}

func TestLintFindsWhatALookAtAllPairsFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	ends := words(2)
	count := map[string]int{}
	for range 3000 {
		role := Role{Name: "app"}
		for range 1 + random.IntN(7) {
			role.Permissions = append(role.Permissions, Permission{Access: Access(1 + random.IntN(3)), Range: randomRange(random, ends)})
			if last := role.Permissions[len(role.Permissions)-1]; random.IntN(4) == 0 {
				role.Permissions = append(role.Permissions, Permission{Access: Access(1 + random.IntN(3)), Range: last.Range})
			}
		}
		l := newLinter(stateOf(role))
		l.superfluous("role app", newRoleGrants(role))
		var got, want []string
		for _, f := range l.findings {
			got = append(got, f.Rule.Name+" "+f.Grants[0].String())
			count[f.Rule.Name]++
		}
		for i, rule := range superfluousByPairs(role) {
			if rule != "" {
				want = append(want, rule+" "+role.Permissions[i].String())
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("in %v it finds %q, want %q", role.Permissions, got, want)
		}
	}
	if len(count) != 3 {
		t.Errorf("found only %v", count)
	}
}

// largeState returns a role of n grants of the kind, and its holder.
func largeState(kind string, n int) State {
	role := Role{Name: "big"}
	for i := range n {
		key, next := fmt.Appendf(nil, "/k/%07d", i), fmt.Appendf(nil, "/k/%07d", i+1)
		p := Permission{Access: Write, Range: Range{Key: key}}
		switch kind {
		case "prefixes":
			p.Range = PrefixRange(key)
		case "touching":
			p.Range.End = next
		case "overlapping":
			p.Range.End = fmt.Appendf(nil, "/k/%07d", i+n/2)
		case "nested":
			p.Range.End = fmt.Appendf(nil, "/k/%07d", 2*n-i)
		case "duplicates":
			p.Range = Range{Key: []byte("/k")}
		case "wildcards":
			p.Range.Key = append(bytes.Clone(key), '*')
		}
		role.Permissions = append(role.Permissions, p)
	}
	return stateOf(role)
}

// Four times the grants are less than eight times the work, which would be
// sixteen if each were compared with each.
func TestTheWorkOfLintGrowsWithTheGrants(t *testing.T) {
	for _, kind := range []string{"keys", "prefixes", "touching", "overlapping", "nested", "duplicates", "wildcards"} {
		steps := func(n int) (steps, findings int) {
			l := newLinter(largeState(kind, n))
			l.lint()
			return l.steps, len(l.findings)
		}
		few, found := steps(1000)
		many, foundMore := steps(4000)
		if few < 1000 || many > 8*few || foundMore > 5*found {
			t.Errorf("%s: %d steps and %d findings, and with four times the grants %d and %d", kind, few, found, many, foundMore)
		}
	}
}

func TestADeciderAnswersAsTheStateDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	ends := words(2)
	for range 500 {
		var roles []Role
		for i := range 3 {
			role := Role{Name: fmt.Sprint("r", i)}
			for range random.IntN(5) {
				role.Permissions = append(role.Permissions, Permission{Access: Access(1 + random.IntN(3)), Range: randomRange(random, ends)})
			}
			roles = append(roles, role)
		}
		s := stateOf(roles...)
		e, d := s.Effective("u"), s.Decider()
		for range 20 {
			r := randomRange(random, ends)
			for _, kind := range ReadWrite.Kinds() {
				common := e.Keys(kind).Intersection(SetOf(r))
				first, more := d.Effective("u").Keys(kind).Within(r, 2)
				if got := len(first.Ranges()) + more; got != len(common.Ranges()) || !first.Equal(Set{common.spans[:min(2, len(common.spans))]}) {
					t.Fatalf("within %s are %s and %d more, want %s", r, first, more, common)
				}
				grant, found := d.GrantOn("u", kind, r)
				if found == common.IsEmpty() || found && (!grant.Access.Has(kind) || !SetOf(grant.Range).Contains(Range{Key: []byte(common.spans[0].start)})) {
					t.Fatalf("%s of %s, of which %s is allowed: by %v %t", kind, r, common, grant, found)
				}
			}
		}
		for _, kind := range ReadWrite.Kinds() {
			twice := e.GrantedTwice(kind)
			for _, key := range ends {
				n := 0
				for _, g := range e.Grants {
					if g.Access.Has(kind) && g.counts() && SetOf(g.Range).Contains(Range{Key: []byte(key)}) {
						n++
					}
				}
				if key != "" && twice.Contains(Range{Key: []byte(key)}) != (n > 1) {
					t.Fatalf("%q has %d grants of %v to %s, and twice granted are %s", key, n, e.Grants, kind, twice)
				}
			}
		}
	}
}
