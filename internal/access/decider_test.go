package access

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

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
				if found == common.IsEmpty() || found && (!grant.Access.Has(kind) || !SetOf(grant.Range).Contains(Range{Key: []byte(common.spans[0].Start)})) {
					t.Fatalf("%s of %s, of which %s is allowed: by %v %t", kind, r, common, grant, found)
				}
			}
		}
		for _, kind := range ReadWrite.Kinds() {
			twice := e.GrantedTwice(kind)
			for _, key := range ends {
				n := 0
				for _, g := range e.Grants {
					if g.Access.Has(kind) && g.AllowsAny() && SetOf(g.Range).Contains(Range{Key: []byte(key)}) {
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
