package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Decider answers repeated queries about a state that does not change. It computes
// the permissions once for all users with the same roles.
type Decider struct {
	state State
	known map[string]*decided // by rolesKey
}

// decided caches the results for users with the same roles.
type decided struct {
	effective Effective
	reaching  [ReadWrite][]reaching // by access-1, for Read and Write; nil until first used
}

// reaching holds, for one grant, the grant that reaches farthest among it and the
// grants that start earlier.
type reaching struct {
	Start    string
	farthest Grant
	End      string // the end of farthest
}

// Decider returns a Decider for s.
func (s State) Decider() *Decider { return &Decider{state: s, known: map[string]*decided{}} }

func (d *Decider) decided(user string) *decided {
	roles := rolesKey(d.state.Users[user].Roles)
	known, found := d.known[roles]
	if !found {
		known = &decided{effective: d.state.Effective(user)}
		d.known[roles] = known
	}
	return known
}

// Effective returns what user may do, as State.Effective does.
func (d *Decider) Effective(user string) Effective { return d.decided(user).effective }

// Like returns a string that is equal for users with the same roles.
func (d *Decider) Like(user string) string { return rolesKey(d.state.Users[user].Roles) }

// GrantOn returns a grant that allows user kind, Read or Write, on the first allowed
// key of r. found is false if kind is allowed on no key of r.
func (d *Decider) GrantOn(user string, kind Access, r Range) (g Grant, found bool) {
	first, _ := d.Effective(user).Keys(kind).Within(r, 1)
	if first.IsEmpty() {
		return g, false
	}
	known := d.decided(user)
	if known.reaching[kind-1] == nil {
		known.reaching[kind-1] = grantsByReach(known.effective.Grants, kind)
	}
	grants := known.reaching[kind-1]
	i, _ := slices.BinarySearchFunc(grants, first.spans[0].Start, func(r reaching, key string) int {
		if r.Start <= key {
			return -1
		}
		return 1
	})
	if i == 0 {
		return g, false // unreachable: a grant contains the key
	}
	return grants[i-1].farthest, true
}

// grantsByReach returns the grants of kind, sorted by start.
func grantsByReach(grants []Grant, kind Access) []reaching {
	var all []reaching
	for _, g := range grants {
		if s, _ := g.Range.Span(); g.Access.Has(kind) && g.AllowsAny() {
			all = append(all, reaching{s.Start, g, s.End})
		}
	}
	slices.SortStableFunc(all, func(a, b reaching) int { return cmp.Compare(a.Start, b.Start) })
	for i := 1; i < len(all); i++ {
		if before := all[i-1]; CompareEnds(before.End, all[i].End) >= 0 {
			all[i].farthest, all[i].End = before.farthest, before.End
		}
	}
	return all
}

// rolesKey returns a string that is equal for the same roles in any order.
func rolesKey(roles []string) string {
	var key strings.Builder
	sorted := slices.Sorted(slices.Values(roles))
	for _, role := range slices.Compact(sorted) {
		fmt.Fprintf(&key, "%d %s", len(role), role) // the length makes it unambiguous
	}
	return key.String()
}
