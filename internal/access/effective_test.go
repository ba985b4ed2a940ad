package access

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func grant(a Access, key, end string) Permission {
	return Permission{Access: a, Range: Range{Key: []byte(key), End: []byte(end)}}
}

// stateOf returns a state of roles and of one user, u, who has all of them.
func stateOf(roles ...Role) State {
	s := NewState()
	var names []string
	for _, role := range roles {
		s.Roles[role.Name] = role
		names = append(names, role.Name)
	}
	s.Users["u"] = User{Name: "u", Roles: names}
	return s
}

func TestWhatAUserMayDoIsTheSumOfItsRoles(t *testing.T) {
	e := stateOf(
		Role{"left", []Permission{grant(Read, "a", "b"), grant(Write, "/log/", "/log0")}},
		Role{"right", []Permission{grant(ReadWrite, "b", "c")}},
		Role{"empty", nil},
	).Effective("u")
	if e.Root || e.Read.String() != "[a, c)" || e.Write.String() != "prefix /log/, prefix b" {
		t.Errorf("root %t, may read %s and write %s", e.Root, e.Read, e.Write)
	}
	if got := e.Keys(ReadWrite).String(); got != "prefix b" {
		t.Errorf("may read and write %s", got)
	}
	var grants []string
	for _, g := range e.Grants {
		grants = append(grants, g.Role+": "+g.String())
	}
	if want := "left: read prefix a|left: write prefix /log/|right: readwrite prefix b"; strings.Join(grants, "|") != want {
		t.Errorf("the grants are %q, want %q", grants, want)
	}
}

func TestTheRoleRootAllowsEverythingWhateverItHolds(t *testing.T) {
	s := stateOf(Role{RootRole, []Permission{grant(Read, "a", "")}}, Role{"app", []Permission{grant(Read, "b", "")}})
	e := s.Effective("u")
	if !e.Root || !e.Read.IsEveryKey() || !e.Write.IsEveryKey() || !e.Allows(ReadWrite, Everything()) {
		t.Errorf("root %t, may read %s and write %s", e.Root, e.Read, e.Write)
	}
	if d := e.Decide(Write, Range{Key: []byte("b")}); len(d.Grants) != 1 || d.Grants[0].Role != RootRole {
		t.Errorf("the grants behind it are %v, want that of root alone", d.Grants)
	}
}

func TestUnknownUsersAndRolesMayDoNothing(t *testing.T) {
	s := stateOf()
	s.Users["u"] = User{Name: "u", Roles: []string{"gone"}}
	for _, user := range []string{"u", "nobody"} {
		if e := s.Effective(user); e.Root || !e.Read.IsEmpty() || !e.Write.IsEmpty() {
			t.Errorf("%s may read %s and write %s", user, e.Read, e.Write)
		}
	}
}

func TestPermissionsThatOnlyOldServersGrantAllowNothing(t *testing.T) {
	for _, p := range []Permission{grant(ReadWrite, "", ""), grant(ReadWrite, "", OpenEnd), grant(ReadWrite, "", "b"), grant(ReadWrite, "b", "a"), grant(ReadWrite, "a", "a"), grant(0, "a", "b")} {
		e := stateOf(Role{"r", []Permission{p}}).Effective("u")
		if !e.Read.IsEmpty() || !e.Write.IsEmpty() {
			t.Errorf("%s: may read %s and write %s", p, e.Read, e.Write)
		}
		if d := e.Decide(Read, Range{Key: []byte("a")}); d.Allowed || len(d.Grants) > 0 {
			t.Errorf("%s: decides %+v", p, d)
		}
	}
}

func TestDecideNamesTheGrantsOrWhatIsLacking(t *testing.T) {
	e := stateOf(
		Role{"a", []Permission{grant(Read, "a", "c"), grant(Read, "b", "e"), grant(Read, "b", "d"), grant(ReadWrite, "x", "")}},
		Role{"b", []Permission{grant(ReadWrite, "d", "g"), grant(Read, "x", ""), grant(Write, "k", "")}},
	).Effective("u")
	describe := func(d Decision) string {
		var parts []string
		for _, g := range d.Grants {
			parts = append(parts, g.Role+" "+g.String())
		}
		text := fmt.Sprintf("%t by %s", d.Allowed, strings.Join(parts, " and "))
		if d.Missing == nil {
			return text
		}
		parts = nil
		for _, p := range d.Needed {
			parts = append(parts, p.String())
		}
		return fmt.Sprintf("%s; from %q %s; needs %s", text, d.Missing, d.MissingAccess, strings.Join(parts, " and "))
	}
	for _, test := range []struct {
		access         Access
		key, end, want string
	}{
		{Read, "a", "g", "true by a read [a, c) and a read [b, e) and b readwrite [d, g)"},
		{Read, "b", "", "true by a read [a, c)"},
		{Read, "bb", "cc", "true by a read [b, e)"},
		{ReadWrite, "x", "", "true by a readwrite key x"},
		{Read, "a", OpenEnd, `false by a read [a, c) and a read [b, e) and b readwrite [d, g) and a readwrite key x; from "g" read; needs read [g, x) and read keys from "x\x00"`},
		{Read, "k", "", `false by ; from "k" read; needs read key k`},
		{ReadWrite, "k", "", `false by b write key k; from "k" read; needs read key k`},
		{ReadWrite, "h", "l", `false by b write key k; from "h" readwrite; needs readwrite [h, k) and read key k and readwrite ["k\x00", l)`},
		{ReadWrite, "c", "e", `false by a read [b, e) and b readwrite [d, g); from "c" write; needs write prefix c`},
	} {
		t.Run(fmt.Sprintf("%s %q %q", test.access, test.key, test.end), func(t *testing.T) {
			if got := describe(e.Decide(test.access, Range{Key: []byte(test.key), End: []byte(test.end)})); got != test.want {
				t.Errorf("%s from %q to %q:\n%s, want\n%s", test.access, test.key, test.end, got, test.want)
			}
		})
	}
}

func TestDecisionsAreThoseOfTheKeysOneByOne(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	ends := words(2)
	kinds := []Access{Read, Write, ReadWrite}
	for range 5000 {
		var roles []Role
		for i := range random.IntN(4) {
			role := Role{Name: fmt.Sprint("r", i)}
			for range random.IntN(5) {
				role.Permissions = append(role.Permissions, Permission{Access: kinds[random.IntN(3)], Range: randomRange(random, ends)})
			}
			roles = append(roles, role)
		}
		e := stateOf(roles...).Effective("u")
		r := randomRange(random, ends)
		if r.IsEmpty() {
			continue
		}
		ranges := []Range{r}
		for _, g := range e.Grants {
			ranges = append(ranges, g.Range)
		}
		for _, kind := range kinds {
			want := true
			for _, key := range bounds(ranges...) {
				if !covers(r, key) {
					continue
				}
				for _, single := range kind.Kinds() {
					want = want && slices.ContainsFunc(roles, func(role Role) bool {
						return slices.ContainsFunc(role.Permissions, func(p Permission) bool { return p.Access.Has(single) && covers(p.Range, key) })
					})
				}
			}
			d := e.Decide(kind, r)
			if d.Allowed != want || e.Allows(kind, r) != want {
				t.Fatalf("%v may %s %q: %t", roles, kind, r, d.Allowed)
			}
			checkReasons(t, e, kind, r, d)
		}
	}
}

// checkReasons checks that the grants of a decision are what it rests on, and
// that what it says is needed is just that.
func checkReasons(t *testing.T, e Effective, kind Access, r Range, d Decision) {
	t.Helper()
	var named, needed Role
	for _, g := range d.Grants {
		named.Permissions = append(named.Permissions, g.Permission)
	}
	needed.Permissions = d.Needed
	named.Name, needed.Name = "named", "needed"
	wanted := SetOf(r)
	with, without, lacking := stateOf(named, needed).Effective("u"), stateOf(named).Effective("u"), stateOf(needed).Effective("u")
	for _, single := range kind.Kinds() {
		if !without.Keys(single).Intersection(wanted).Equal(e.Keys(single).Intersection(wanted)) {
			t.Fatalf("%s on %q rests on %v, which is not all that %v gives", single, r, d.Grants, e.Grants)
		}
		if !with.Keys(single).Contains(r) {
			t.Fatalf("%s on %q needs %v, which is not enough", single, r, d.Needed)
		}
		if !lacking.Keys(single).Intersection(e.Keys(single)).IsEmpty() || !wanted.Union(lacking.Keys(single)).Equal(wanted) {
			t.Fatalf("%s on %q needs %v, which is too much", single, r, d.Needed)
		}
	}
	if (d.Missing == nil) != d.Allowed || d.Allowed != (len(d.Needed) == 0) {
		t.Fatalf("%s on %q: %+v", kind, r, d)
	}
	if d.Missing != nil && (!covers(r, string(d.Missing)) || e.Allows(d.MissingAccess, Range{Key: d.Missing})) {
		t.Fatalf("%s on %q: the first key %q that is missing is not", kind, r, d.Missing)
	}
}

func TestAccessHasNames(t *testing.T) {
	for _, name := range AccessNames() {
		if a, err := ParseAccess(name); err != nil || a.String() != name {
			t.Errorf("%s is %s, %v", name, a, err)
		}
	}
	for _, name := range []string{"", "none", "READ", "rw"} {
		if _, err := ParseAccess(name); err == nil {
			t.Errorf("%q is taken for an access", name)
		}
	}
}

func TestHoldersOfARole(t *testing.T) {
	s := NewState()
	s.Users["b"], s.Users["a"], s.Users["c"] = User{"b", []string{"x", "y"}}, User{"a", []string{"y"}}, User{"c", nil}
	if got := s.Holders()["y"]; !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("y is held by %q", got)
	}
	if got := s.UserNames(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("the users are %q", got)
	}
}
