package access

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestAMatrixIsUsersByTheRangesOfRoles(t *testing.T) {
	s := stateOf(
		Role{"app", []Permission{grant(ReadWrite, "/app/", "/app0"), grant(Read, "k", "k\x00")}},
		Role{"wide", []Permission{grant(Read, "/", "0"), grant(Read, "k", ""), grant(Write, "z", "a")}},
		Role{RootRole, []Permission{grant(Read, "ignored", "")}})
	s.Users["u"] = User{"u", []string{"app"}}
	s.Users["admin"] = User{"admin", []string{RootRole}}
	s.Users["none"] = User{"none", nil}
	describe := func(m Matrix) string {
		lines := []string{fmt.Sprint(m.Ranges)}
		for _, u := range m.Users {
			line := u.Name
			for _, c := range m.Cells(u) {
				line += fmt.Sprintf(" %s/%s", c.Whole, c.Part)
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}
	if got, want := describe(s.Matrix(Everything())), "[prefix / prefix /app/ key k]\nadmin readwrite/none readwrite/none readwrite/none\nnone none/none none/none none/none\nu none/readwrite readwrite/none read/none"; got != want {
		t.Errorf("the matrix is\n%s\nwant\n%s", got, want)
	}
	if got, want := describe(s.Matrix(Range{Key: []byte("k")})), "[key k]\nadmin readwrite/none\nu read/none"; got != want {
		t.Errorf("the matrix of k is\n%s\nwant\n%s", got, want)
	}
}

func TestTheCellsOfAMatrixAreTheDecisions(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	ends := words(2)
	for range 500 {
		var roles []Role
		for i := range 4 {
			role := Role{Name: fmt.Sprint("r", i)}
			for range random.IntN(5) {
				role.Permissions = append(role.Permissions, Permission{Access: Access(1 + random.IntN(3)), Range: randomRange(random, ends)})
			}
			roles = append(roles, role)
		}
		s := stateOf(roles...)
		s.Users["u"] = User{"u", []string{"r0", "r1"}}
		m := s.Matrix(Everything())
		for i, c := range m.Cells(m.Users[0]) {
			for _, kind := range ReadWrite.Kinds() {
				whole, some := m.Users[0].Allows(kind, m.Ranges[i]), m.Users[0].Keys(kind).Touches(m.Ranges[i])
				if c.Whole.Has(kind) != whole || c.Part.Has(kind) != (some && !whole) {
					t.Fatalf("of %s in %v: %s may %s all %t, some %t, and the cell has %s and %s", m.Ranges[i], m.Ranges, m.Users[0].Grants, kind, whole, some, c.Whole, c.Part)
				}
			}
		}
	}
}

func TestWhoCanNamesHoldersOfAllOrAPart(t *testing.T) {
	s := stateOf(Role{"app", []Permission{grant(ReadWrite, "/app/", "/app0"), grant(Read, "/app/x", "")}})
	s.Users["all"] = User{"all", []string{RootRole}}
	s.Roles["one"] = Role{"one", []Permission{grant(Read, "/app/x", ""), grant(Read, "/z", "")}}
	s.Users["part"] = User{"part", []string{"one"}}
	s.Users["none"] = User{"none", nil}
	var lines []string
	for _, h := range s.WhoCan(Read, Range{Key: []byte("/app/"), End: []byte("/app0")}) {
		lines = append(lines, fmt.Sprint(h.User, " ", h.Root, " ", h.Whole, " ", h.Part, " ", h.Grants))
	}
	want := []string{
		"all true true prefix /app/ [readwrite every key]",
		"part false false key /app/x [read key /app/x]",
		"u false true prefix /app/ [readwrite prefix /app/]",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("who can read /app/:\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if holders := s.WhoCan(ReadWrite, Range{Key: []byte("/app/x")}); len(holders) != 2 {
		t.Errorf("who can read and write /app/x: %+v", holders)
	}
}
