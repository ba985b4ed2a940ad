package access

import (
	"bytes"
	"cmp"
	"slices"
)

// Matrix is a table of users (rows) and the ranges that roles grant access to
// (columns).
type Matrix struct {
	Ranges []Range // without duplicates, sorted by first key
	Users  []UserAccess

	spans []Span   // of Ranges, by index
	reach []string // by index: the largest end of this span and of all earlier ones
}

// UserAccess holds a user with its effective permissions.
type UserAccess struct {
	User
	Effective
}

// Cell holds what a user may do with the keys of a range.
type Cell struct {
	Whole Access // allowed on all keys of the range
	Part  Access // allowed on some keys of the range, but not on all
}

// Matrix returns the permissions within keys. Its ranges have keys in common with
// keys. Its users may read or write some of these keys. If keys is every key, Matrix
// lists all users, also those without permissions.
func (s State) Matrix(keys Range) Matrix {
	var m Matrix
	within := SetOf(keys)
	for name, role := range s.Roles {
		if name == RootRole {
			continue
		}
		for _, p := range role.Permissions {
			if p.AllowsAny() && within.Touches(p.Range) {
				m.Ranges = append(m.Ranges, SetOf(p.Range).Ranges()...)
			}
		}
	}
	slices.SortFunc(m.Ranges, func(a, b Range) int {
		first, _ := a.Span()
		second, _ := b.Span()
		// The wider range comes first.
		return cmp.Or(bytes.Compare(a.Key, b.Key), CompareEnds(second.End, first.End))
	})
	m.Ranges = slices.CompactFunc(m.Ranges, Range.Equal)
	for i, r := range m.Ranges {
		s, _ := r.Span()
		m.spans = append(m.spans, s)
		reach := s.End
		if i > 0 && CompareEnds(m.reach[i-1], reach) > 0 {
			reach = m.reach[i-1]
		}
		m.reach = append(m.reach, reach)
	}
	decider := s.Decider()
	for _, name := range s.UserNames() {
		u := UserAccess{User: s.Users[name], Effective: decider.Effective(name)}
		if within.IsEveryKey() || u.Read.Touches(keys) || u.Write.Touches(keys) {
			m.Users = append(m.Users, u)
		}
	}
	return m
}

// Cells returns what u may do with each of the matrix's ranges.
func (m Matrix) Cells(u UserAccess) []Cell {
	cells := make([]Cell, len(m.Ranges))
	for _, kind := range ReadWrite.Kinds() {
		if allowed := u.Keys(kind); len(allowed.spans) <= fewSpans {
			m.cellsOfFew(cells, kind, allowed)
		} else {
			m.cellsOfMany(cells, kind, allowed)
		}
	}
	return cells
}

// fewSpans is the number of spans up to which Cells iterates over spans. With more
// spans, it is faster to iterate over the ranges.
const fewSpans = 8

// cellsOfFew visits, for each span, only the ranges that overlap it. With many
// thousand cells, most are empty.
func (m Matrix) cellsOfFew(cells []Cell, kind Access, allowed Set) {
	for _, allowed := range allowed.spans {
		i, _ := slices.BinarySearchFunc(m.spans, allowed.Start, func(s Span, start string) int { return cmp.Compare(s.Start, start) })
		for i > 0 && !before(m.reach[i-1], allowed.Start) {
			i--
		}
		for ; i < len(m.spans) && !before(allowed.End, m.spans[i].Start); i++ {
			switch s := m.spans[i]; {
			case before(s.End, allowed.Start):
			case s.Start >= allowed.Start && CompareEnds(s.End, allowed.End) <= 0:
				cells[i].Whole |= kind
			default:
				cells[i].Part |= kind
			}
		}
	}
}

func (m Matrix) cellsOfMany(cells []Cell, kind Access, allowed Set) {
	for i, r := range m.Ranges {
		switch {
		case allowed.Contains(r):
			cells[i].Whole |= kind
		case allowed.Touches(r):
			cells[i].Part |= kind
		}
	}
}
