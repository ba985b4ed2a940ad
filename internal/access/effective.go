package access

import (
	"bytes"
	"cmp"
	"slices"
)

// Grant is a permission and the role that grants it.
type Grant struct {
	Role string
	Permission
}

// Effective holds what one user may do. The rules are those of the server
// (getMergedPerms and isOpPermitted of package auth in etcd 3.4 to 3.7). The
// permissions of all roles add up, separately for reading and for writing. Ranges
// that overlap or touch count as one. A request is allowed if its whole range is
// covered. The role root allows everything, whatever the roles hold. Nothing can be
// denied.
type Effective struct {
	Root        bool // has the role root
	Read, Write Set

	// Grants lists the permissions of all roles, sorted by role and then in the order
	// of the role. The role root has one entry, on every key.
	Grants []Grant
}

// Effective returns what user may do. If the user does not exist, that is nothing.
func (s State) Effective(user string) Effective {
	var e Effective
	roles := slices.Clone(s.Users[user].Roles)
	slices.Sort(roles)
	var read, write []Range
	for _, name := range slices.Compact(roles) {
		permissions := s.Roles[name].Permissions
		if name == RootRole {
			e.Root = true
			permissions = []Permission{{Access: ReadWrite, Range: Everything()}}
		}
		for _, p := range permissions {
			e.Grants = append(e.Grants, Grant{Role: name, Permission: p})
			if !p.AllowsAny() {
				continue
			}
			if p.Access.Has(Read) {
				read = append(read, p.Range)
			}
			if p.Access.Has(Write) {
				write = append(write, p.Range)
			}
		}
	}
	e.Read, e.Write = SetOf(read...), SetOf(write...)
	return e
}

// AllowsAny reports whether the permission allows anything. Two kinds of range allow
// nothing: those that end before they begin, and those that begin with the empty key.
// Servers before 3.5 accept grants on both. They sort the empty key after all other
// keys.
func (p Permission) AllowsAny() bool { return len(p.Range.Key) > 0 && !p.Range.IsEmpty() }

// Keys returns the keys on which a is allowed. For ReadWrite these are the keys that
// may be both read and written.
func (e Effective) Keys(a Access) Set {
	switch a {
	case Read:
		return e.Read
	case Write:
		return e.Write
	case ReadWrite:
		return e.Read.Intersection(e.Write)
	}
	return Set{}
}

// Allows reports whether a is allowed on all of r. It returns false for a range
// without keys: there the server's answer depends on the shape of its permission
// tree.
func (e Effective) Allows(a Access, r Range) bool {
	for _, kind := range a.Kinds() {
		if !e.Keys(kind).Contains(r) {
			return false
		}
	}
	return a != 0 && !r.IsEmpty()
}

// GrantedTwice returns the keys on which more than one grant allows kind, Read or
// Write.
func (e Effective) GrantedTwice(kind Access) Set {
	var spans, twice []Span
	for _, g := range e.Grants {
		if s, _ := g.Range.Span(); g.Access.Has(kind) && g.AllowsAny() {
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	for i, reach := 1, ""; i < len(spans); i++ {
		if i == 1 || CompareEnds(spans[i-1].End, reach) > 0 {
			reach = spans[i-1].End
		}
		if !before(reach, spans[i].Start) {
			twice = append(twice, Span{Start: spans[i].Start, End: lower(reach, spans[i].End)})
		}
	}
	return joined(twice)
}

// FirstMissing returns the first key of r that is not covered, and the part of a that
// is not allowed there. key is nil if all of r is covered.
func (e Effective) FirstMissing(a Access, r Range) (key []byte, missing Access) {
	for _, kind := range a.Kinds() {
		first, some := e.Keys(kind).FirstMissing(r)
		if !some {
			continue
		}
		switch order := bytes.Compare(first, key); {
		case key == nil || order < 0:
			key, missing = first, kind
		case order == 0:
			missing |= kind
		}
	}
	return key, missing
}

// SeparatorMissing reports whether a is allowed on all keys below r's first key with a
// separator at its end, although it is not allowed on all of r. It returns that prefix.
func (e Effective) SeparatorMissing(a Access, r Range) (prefix []byte, missing bool) {
	if e.Allows(a, r) || len(r.End) > 0 && !r.IsPrefix() {
		return nil, false
	}
	for _, separator := range []byte("/.:") {
		prefix := append(bytes.Clone(r.Key), separator)
		if e.Allows(a, PrefixRange(prefix)) {
			return prefix, true
		}
	}
	return nil, false
}

// Decision reports whether an access is allowed, with the reasons.
type Decision struct {
	Allowed bool

	// Grants together allow the access, or as much of it as is allowed. For reading
	// and for writing, none of them could be left out. They are sorted by key.
	Grants []Grant

	// Missing is the first key that is not covered. MissingAccess is the access that
	// is not allowed there. Missing is nil if the access is allowed.
	Missing       []byte
	MissingAccess Access

	// Needed lists the missing permissions, sorted by key.
	Needed []Permission
}

// Decide reports whether a is allowed on all of r, with the reasons.
func (e Effective) Decide(a Access, r Range) Decision {
	d := Decision{Allowed: e.Allows(a, r)}
	d.Missing, d.MissingAccess = e.FirstMissing(a, r)
	var lacking [ReadWrite + 1]Set
	for _, kind := range a.Kinds() {
		d.Grants = append(d.Grants, e.covering(kind, a, r)...)
		lacking[kind] = SetOf(r).Difference(e.Keys(kind))
	}
	d.Grants = distinct(d.Grants)
	both := lacking[Read].Intersection(lacking[Write])
	for kind, keys := range map[Access]Set{ReadWrite: both, Read: lacking[Read].Difference(both), Write: lacking[Write].Difference(both)} {
		for _, r := range keys.Ranges() {
			d.Needed = append(d.Needed, Permission{Access: kind, Range: r})
		}
	}
	slices.SortFunc(d.Needed, func(a, b Permission) int { return bytes.Compare(a.Range.Key, b.Range.Key) })
	return d
}

// covering returns the fewest grants of kind, Read or Write, that cover as much of r
// as all grants together. If two grants reach equally far, covering prefers one that
// grants all.
func (e Effective) covering(kind, all Access, r Range) []Grant {
	wanted, some := r.Span()
	if !some {
		return nil
	}
	type candidate struct {
		Span
		Grant
	}
	var candidates []candidate
	for _, g := range e.Grants {
		if s, _ := g.Range.Span(); g.Access.Has(kind) && g.AllowsAny() && !before(s.End, wanted.Start) && !before(wanted.End, s.Start) {
			candidates = append(candidates, candidate{s, g})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.Start, b.Start) })
	// Greedy, from left to right: of the grants that start within the coverage so
	// far, take the one that reaches farthest.
	var chosen []Grant
	at, done := wanted.Start, false
	for i := 0; i < len(candidates) && !done; {
		if candidates[i].Start > at {
			at = candidates[i].Start // no grant covers the keys in between
		}
		best := i
		for ; i < len(candidates) && candidates[i].Start <= at; i++ {
			farther := CompareEnds(lower(candidates[i].End, wanted.End), lower(candidates[best].End, wanted.End))
			if farther > 0 || farther == 0 && candidates[i].Access.Has(all) && !candidates[best].Access.Has(all) {
				best = i
			}
		}
		if before(candidates[best].End, at) {
			continue
		}
		chosen = append(chosen, candidates[best].Grant)
		at = candidates[best].End
		done = at == "" || before(wanted.End, at)
	}
	return chosen
}

// lower returns the smaller of two ends.
func lower(a, b string) string {
	if CompareEnds(a, b) < 0 {
		return a
	}
	return b
}

// distinct returns grants without duplicates, in the same order.
func distinct(grants []Grant) []Grant {
	type identity struct {
		role   string
		access Access
		on     [2]string
	}
	var once []Grant
	known := map[identity]bool{}
	for _, g := range grants {
		is := identity{g.Role, g.Access, g.Range.Notation()}
		if !known[is] {
			known[is] = true
			once = append(once, g)
		}
	}
	return once
}
