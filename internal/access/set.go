package access

import (
	"cmp"
	"slices"
	"strings"
)

// Set is a set of keys. Its zero value is the empty one. Sets are values: no
// method changes its receiver.
type Set struct {
	// Sorted, none empty, and with at least one key between two of them.
	spans []span
}

// span is the keys from start up to end, without end. No key is empty, so that
// an empty end stands for none: the largest end of all, as in the server.
type span struct{ start, end string }

// firstKey is the first key of all.
const firstKey = "\x00"

// spanOf returns the keys of r, and whether there are any.
func spanOf(r Range) (span, bool) {
	s := span{start: max(string(r.Key), firstKey), end: string(r.End)}
	switch s.end {
	case "":
		s.end = string(r.Key) + "\x00"
		return s, len(r.Key) > 0
	case OpenEnd:
		s.end = ""
		return s, true
	}
	return s, s.start < s.end
}

// asRange writes s as the API does, in the shortest form.
func (s span) asRange() Range {
	r := Range{Key: []byte(s.start), End: []byte(s.end)}
	switch s.end {
	case "":
		r.End = []byte(OpenEnd)
	case s.start + "\x00":
		r.End = nil
	}
	return r
}

// compareEnds compares two ends, the empty one being the largest.
func compareEnds(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return cmp.Compare(a, b)
}

// before says whether all keys before end are before start.
func before(end, start string) bool { return end != "" && end <= start }

// IsEmpty says whether no key is in r: its end is not behind its key, or it is
// the single key that is empty, which no key is.
func (r Range) IsEmpty() bool {
	_, some := spanOf(r)
	return !some
}

// SetOf returns the keys that are in any of ranges. Ranges that overlap or
// touch become one, as they do in the server; those without keys add none.
func SetOf(ranges ...Range) Set {
	spans := make([]span, 0, len(ranges))
	for _, r := range ranges {
		if s, some := spanOf(r); some {
			spans = append(spans, s)
		}
	}
	return joined(spans)
}

// EveryKey returns the whole key space.
func EveryKey() Set { return SetOf(Everything()) }

// joined sorts spans and joins those that overlap or touch. It takes spans
// over.
func joined(spans []span) Set {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var s Set
	for _, next := range spans {
		last := len(s.spans) - 1
		switch {
		case last < 0 || s.spans[last].end != "" && s.spans[last].end < next.start:
			s.spans = append(s.spans, next)
		case compareEnds(next.end, s.spans[last].end) > 0:
			s.spans[last].end = next.end
		}
	}
	return s
}

// IsEmpty says whether no key is in s.
func (s Set) IsEmpty() bool { return len(s.spans) == 0 }

// IsEveryKey says whether every key is in s.
func (s Set) IsEveryKey() bool {
	return len(s.spans) == 1 && s.spans[0] == span{start: firstKey}
}

// Equal says whether the same keys are in s and t.
func (s Set) Equal(t Set) bool { return slices.Equal(s.spans, t.spans) }

// Ranges returns s as ranges in the order of their keys, as few as there can
// be, each in its shortest form: the range of a single key has no end.
func (s Set) Ranges() []Range {
	ranges := make([]Range, 0, len(s.spans))
	for _, span := range s.spans {
		ranges = append(ranges, span.asRange())
	}
	return ranges
}

// Union returns the keys that are in s or in t.
func (s Set) Union(t Set) Set { return joined(slices.Concat(s.spans, t.spans)) }

// Intersection returns the keys that are in s and in t.
func (s Set) Intersection(t Set) Set {
	var both Set
	if s.IsEmpty() || t.IsEmpty() {
		return both
	}
	// Of a large set only what reaches into the other one is looked at.
	for i, j := s.search(t.spans[0].start), t.search(s.spans[0].start); i < len(s.spans) && j < len(t.spans); {
		a, b := s.spans[i], t.spans[j]
		common := span{start: max(a.start, b.start), end: lower(a.end, b.end)}
		if !before(common.end, common.start) {
			both.spans = append(both.spans, common)
		}
		if compareEnds(a.end, b.end) < 0 {
			i++
		} else {
			j++
		}
	}
	return both
}

// Within returns the keys of r that are in s, but of the ranges that they are
// only the first ones, at most maxRanges, and how many more there are.
func (s Set) Within(r Range, maxRanges int) (first Set, more int) {
	wanted, some := spanOf(r)
	if !some {
		return first, 0
	}
	from := s.search(wanted.start)
	behind := from
	if behind < len(s.spans) {
		n, _ := slices.BinarySearchFunc(s.spans[from:], wanted, func(in, wanted span) int {
			if before(wanted.end, in.start) {
				return 1
			}
			return -1
		})
		behind += n
	}
	for _, in := range s.spans[from:min(behind, from+maxRanges)] {
		first.spans = append(first.spans, span{start: max(in.start, wanted.start), end: lower(in.end, wanted.end)})
	}
	return first, behind - from - len(first.spans)
}

// Difference returns the keys that are in s and not in t.
func (s Set) Difference(t Set) Set {
	var left Set
	j := 0
	for _, rest := range s.spans {
		for j < len(t.spans) && before(t.spans[j].end, rest.start) {
			j++
		}
		gone := false
		for k := j; k < len(t.spans) && !gone && !before(rest.end, t.spans[k].start); k++ {
			taken := t.spans[k]
			if rest.start < taken.start {
				left.spans = append(left.spans, span{start: rest.start, end: taken.start})
			}
			if gone = taken.end == "" || rest.end != "" && rest.end <= taken.end; !gone {
				rest.start = taken.end
			}
		}
		if !gone {
			left.spans = append(left.spans, rest)
		}
	}
	return left
}

// Contains says whether every key of r is in s. A range without keys is in any
// set.
func (s Set) Contains(r Range) bool {
	_, missing := s.FirstMissing(r)
	return !missing
}

// FirstMissing returns the first key of r that is not in s, and whether there
// is one.
func (s Set) FirstMissing(r Range) (key []byte, missing bool) {
	wanted, some := spanOf(r)
	if !some {
		return nil, false
	}
	// The spans do not touch: all of r is in the one that its key is in, or
	// else the end of that one is missing.
	i := s.search(wanted.start)
	if i == len(s.spans) || s.spans[i].start > wanted.start {
		return []byte(wanted.start), true
	}
	if compareEnds(s.spans[i].end, wanted.end) >= 0 {
		return nil, false
	}
	return []byte(s.spans[i].end), true
}

// search returns the index of the first span that goes on behind start.
func (s Set) search(start string) int {
	i, _ := slices.BinarySearchFunc(s.spans, start, func(s span, start string) int {
		if before(s.end, start) {
			return -1
		}
		return 1
	})
	return i
}

// Touches says whether any key of r is in s.
func (s Set) Touches(r Range) bool {
	wanted, some := spanOf(r)
	i := s.search(wanted.start)
	return some && i < len(s.spans) && !before(wanted.end, s.spans[i].start)
}

// String describes the set to a person: its ranges as Range.String describes
// them, joined by commas, or "no key".
func (s Set) String() string {
	if s.IsEmpty() {
		return "no key"
	}
	descriptions := make([]string, 0, len(s.spans))
	for _, r := range s.Ranges() {
		descriptions = append(descriptions, r.String())
	}
	return strings.Join(descriptions, ", ")
}
