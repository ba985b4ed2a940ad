package lint

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
)

// superfluousByPairs does what linter.superfluous does by looking at all pairs.
// It returns the rule by which each grant is found, empty for none.
func superfluousByPairs(r access.Role) []string {
	found, is := make([]string, len(r.Permissions)), make([]bool, len(r.Permissions))
	for i, p := range r.Permissions {
		if !p.AllowsAny() {
			continue
		}
		var others []access.Permission
		duplicate, wider, narrower := false, false, false
		for j, o := range r.Permissions {
			if i == j || is[j] || !o.AllowsAny() {
				continue
			}
			same := access.SetOf(o.Range).Equal(access.SetOf(p.Range))
			more, less := o.Access.Has(p.Access), p.Access.Has(o.Access)
			if same && less && (!more || i < j) {
				continue
			}
			others = append(others, o)
			switch {
			case same:
				duplicate = duplicate || more || j < i
			case more && access.SetOf(o.Range).Contains(p.Range):
				wider, narrower = true, narrower || o.Access != p.Access
			}
		}
		covered := access.Role{Name: r.Name, Permissions: others}.Effective().Allows(p.Access, p.Range)
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
	count := map[string]int{}
	for range 3000 {
		role := access.Role{Name: "app", Permissions: randomPermissions(random, 7)}
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
func largeState(kind string, n int) access.State {
	role := access.Role{Name: "big"}
	for i := range n {
		key, next := fmt.Appendf(nil, "/k/%07d", i), fmt.Appendf(nil, "/k/%07d", i+1)
		p := access.Permission{Access: access.Write, Range: access.Range{Key: key}}
		switch kind {
		case "prefixes":
			p.Range = access.PrefixRange(key)
		case "touching":
			p.Range.End = next
		case "overlapping":
			p.Range.End = fmt.Appendf(nil, "/k/%07d", i+n/2)
		case "nested":
			p.Range.End = fmt.Appendf(nil, "/k/%07d", 2*n-i)
		case "duplicates":
			p.Range = access.Range{Key: []byte("/k")}
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
		t.Run(kind, func(t *testing.T) {
			steps := func(n int) (steps, findings int) {
				l := newLinter(largeState(kind, n))
				l.lint()
				return l.steps, len(l.findings)
			}
			few, found := steps(1000)
			many, foundMore := steps(4000)
			if few < 1000 || many > 8*few || foundMore > 5*found {
				t.Errorf("%d steps and %d findings, and with four times the grants %d and %d", few, found, many, foundMore)
			}
		})
	}
}
