package access

import (
	"bytes"
	"cmp"
	"slices"
)

// Matrix is users by the ranges of keys that roles grant something on.
type Matrix struct {
	Ranges []Range // sorted by their first keys, each once
	Users  []UserAccess

	spans []Span   // the ranges
	reach []string // for each of them, the last end of it and of those before
}

// UserAccess is a user and what it may do.
type UserAccess struct {
	User
	Effective
}

// Cell is what a user may do with the keys of a range.
type Cell struct {
	Whole Access // with all of them
	Part  Access // with some of them, and not with all
}

// Matrix returns who may do what within keys: the ranges that have keys in
// common with them, and the users who may do anything there. Within every key
// these are all users, whatever they may do.
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
		// The wider one first.
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

// fewSpans is how many spans are looked at one by one. With more it is quicker to
// look at the ranges.
const fewSpans = 8

// cellsOfFew looks for each span at the ranges that begin in it, and at those
// before that reach into it: of many thousand cells most are empty.
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
