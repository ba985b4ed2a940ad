package access

// Holder is a user who has an access to keys of a range.
type Holder struct {
	User   string
	Root   bool    // has the role root
	Whole  bool    // has the access to the whole range, otherwise only to Part
	Part   Set     // the keys of the range with that access
	Grants []Grant // the grants that allow it, as in Decision
}

// WhoCan returns the users with access a to any key of r, sorted by name.
func (s State) WhoCan(a Access, r Range) []Holder {
	var holders []Holder
	wanted := SetOf(r)
	decider := s.Decider()
	for _, name := range s.UserNames() {
		e := decider.Effective(name)
		part := e.Keys(a).Intersection(wanted)
		if part.IsEmpty() {
			continue
		}
		holder := Holder{User: name, Root: e.Root, Whole: e.Allows(a, r), Part: part}
		for _, g := range e.Decide(a, r).Grants {
			if part.Touches(g.Range) {
				holder.Grants = append(holder.Grants, g)
			}
		}
		holders = append(holders, holder)
	}
	return holders
}
