package access

// Holder is a user who may do something with keys of a range.
type Holder struct {
	User   string
	Root   bool    // has the role root
	Whole  bool    // may do so with all of the range, otherwise with Part of it
	Part   Set     // the keys of the range
	Grants []Grant // that allow it, see Decision
}

// WhoCan returns who has access a to any key of r, by name.
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
