package access

import (
	"cmp"
	"slices"
	"strings"
)

// Set is a set of keys. The zero value is the empty set. Sets are values: no method
// changes its receiver.
type Set struct {
	// Sorted and not empty, with at least one key between two spans.
	spans []Span
}

// Span is the keys from Start up to End, without End. Unlike Range, it has only one
// notation, so spans can be compared. As in the server, an empty End means no end: it
// is the largest of all ends. A real end is never empty, because no key is empty.
type Span struct{ Start, End string }

// FirstKey is the first possible key.
const FirstKey = "\x00"

// Span returns the keys of r, and whether there are any.
func (r Range) Span() (Span, bool) {
	s := Span{Start: max(string(r.Key), FirstKey), End: string(r.End)}
	switch s.End {
	case "":
		s.End = string(r.Key) + "\x00"
		return s, len(r.Key) > 0
	case OpenEnd:
		s.End = ""
		return s, true
	}
	return s, s.Start < s.End
}

// asRange returns s in the notation of the API, in the shortest form.
func (s Span) asRange() Range {
	r := Range{Key: []byte(s.Start), End: []byte(s.End)}
	switch s.End {
	case "":
		r.End = []byte(OpenEnd)
	case s.Start + "\x00":
		r.End = nil
	}
	return r
}

// CompareEnds compares two ends, and returns -1, 0 or 1. The empty end is the
// largest.
func CompareEnds(a, b string) int {
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

// before reports whether all keys below end are less than start.
func before(end, start string) bool { return end != "" && end <= start }

// IsEmpty reports whether r contains no key. Such a range does not end after its key,
// or it is the single empty key, which cannot exist.
func (r Range) IsEmpty() bool {
	_, some := r.Span()
	return !some
}

// SetOf returns the union of ranges. As in the server, ranges that overlap or touch
// become one. Ranges without keys add nothing.
func SetOf(ranges ...Range) Set {
	spans := make([]Span, 0, len(ranges))
	for _, r := range ranges {
		if s, some := r.Span(); some {
			spans = append(spans, s)
		}
	}
	return joined(spans)
}

// EveryKey returns the whole key space.
func EveryKey() Set { return SetOf(Everything()) }

// joined sorts spans and joins those that overlap or touch. It takes ownership of
// spans.
func joined(spans []Span) Set {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var s Set
	for _, next := range spans {
		last := len(s.spans) - 1
		switch {
		case last < 0 || s.spans[last].End != "" && s.spans[last].End < next.Start:
			s.spans = append(s.spans, next)
		case CompareEnds(next.End, s.spans[last].End) > 0:
			s.spans[last].End = next.End
		}
	}
	return s
}

// IsEmpty reports whether s contains no key.
func (s Set) IsEmpty() bool { return len(s.spans) == 0 }

// IsEveryKey reports whether s contains every key.
func (s Set) IsEveryKey() bool {
	return len(s.spans) == 1 && s.spans[0] == Span{Start: FirstKey}
}

// Equal reports whether s and t contain the same keys.
func (s Set) Equal(t Set) bool { return slices.Equal(s.spans, t.spans) }

// Ranges returns s as the smallest number of ranges, sorted by key. Each has its
// shortest form: the range of a single key has no end.
func (s Set) Ranges() []Range {
	ranges := make([]Range, 0, len(s.spans))
	for _, span := range s.spans {
		ranges = append(ranges, span.asRange())
	}
	return ranges
}

// Union returns the keys that are in s or in t, or in both.
func (s Set) Union(t Set) Set { return joined(slices.Concat(s.spans, t.spans)) }

// Intersection returns the keys that are both in s and in t.
func (s Set) Intersection(t Set) Set {
	var both Set
	if s.IsEmpty() || t.IsEmpty() {
		return both
	}
	// Skip the spans of each set that end before the other set starts.
	for i, j := s.search(t.spans[0].Start), t.search(s.spans[0].Start); i < len(s.spans) && j < len(t.spans); {
		a, b := s.spans[i], t.spans[j]
		common := Span{Start: max(a.Start, b.Start), End: lower(a.End, b.End)}
		if !before(common.End, common.Start) {
			both.spans = append(both.spans, common)
		}
		if CompareEnds(a.End, b.End) < 0 {
			i++
		} else {
			j++
		}
	}
	return both
}

// Within returns the keys of r that are in s, at most the first maxRanges ranges of
// them. more is the number of ranges that it left out.
func (s Set) Within(r Range, maxRanges int) (first Set, more int) {
	wanted, some := r.Span()
	if !some {
		return first, 0
	}
	from := s.search(wanted.Start)
	behind := from
	if behind < len(s.spans) {
		n, _ := slices.BinarySearchFunc(s.spans[from:], wanted, func(in, wanted Span) int {
			if before(wanted.End, in.Start) {
				return 1
			}
			return -1
		})
		behind += n
	}
	for _, in := range s.spans[from:min(behind, from+maxRanges)] {
		first.spans = append(first.spans, Span{Start: max(in.Start, wanted.Start), End: lower(in.End, wanted.End)})
	}
	return first, behind - from - len(first.spans)
}

// Difference returns the keys that are in s and not in t.
func (s Set) Difference(t Set) Set {
	var left Set
	j := 0
	for _, rest := range s.spans {
		for j < len(t.spans) && before(t.spans[j].End, rest.Start) {
			j++
		}
		gone := false
		for k := j; k < len(t.spans) && !gone && !before(rest.End, t.spans[k].Start); k++ {
			taken := t.spans[k]
			if rest.Start < taken.Start {
				left.spans = append(left.spans, Span{Start: rest.Start, End: taken.Start})
			}
			if gone = taken.End == "" || rest.End != "" && rest.End <= taken.End; !gone {
				rest.Start = taken.End
			}
		}
		if !gone {
			left.spans = append(left.spans, rest)
		}
	}
	return left
}

// Contains reports whether every key of r is in s. Every set contains a range without
// keys.
func (s Set) Contains(r Range) bool {
	_, missing := s.FirstMissing(r)
	return !missing
}

// FirstMissing returns the first key of r that is not in s, and whether there is one.
func (s Set) FirstMissing(r Range) (key []byte, missing bool) {
	wanted, some := r.Span()
	if !some {
		return nil, false
	}
	// The spans do not touch. So the span that contains the first key of r contains
	// all of r, or its end is missing.
	i := s.search(wanted.Start)
	if i == len(s.spans) || s.spans[i].Start > wanted.Start {
		return []byte(wanted.Start), true
	}
	if CompareEnds(s.spans[i].End, wanted.End) >= 0 {
		return nil, false
	}
	return []byte(s.spans[i].End), true
}

// search returns the index of the first span that ends after start. If there is none,
// it returns the number of spans.
func (s Set) search(start string) int {
	i, _ := slices.BinarySearchFunc(s.spans, start, func(s Span, start string) int {
		if before(s.End, start) {
			return -1
		}
		return 1
	})
	return i
}

// Touches reports whether any key of r is in s.
func (s Set) Touches(r Range) bool {
	wanted, some := r.Span()
	i := s.search(wanted.Start)
	return some && i < len(s.spans) && !before(wanted.End, s.spans[i].Start)
}

// String returns a readable description: the ranges as Range.String returns them,
// joined by commas, or "no key".
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
