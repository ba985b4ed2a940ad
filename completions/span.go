package completions

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// span is a range of keys from start up to end, without end; an end of
// access.OpenEnd is none.
type span struct{ start, end string }

func (s span) empty() bool { return s.end != access.OpenEnd && s.start >= s.end }

// within returns the parts of ranges in which keys start with prefix, in
// order and joined where they touch, as the server joins them.
func within(prefix string, ranges []access.Range) []span {
	all := span{start: prefix, end: string(access.PrefixEnd([]byte(prefix)))}
	var parts []span
	for _, r := range ranges {
		part := span{start: string(r.Key), end: string(r.End)}
		if part.end == "" {
			part.end = part.start + "\x00"
		}
		part = span{start: max(part.start, all.start), end: lower(part.end, all.end)}
		if !part.empty() {
			parts = append(parts, part)
		}
	}
	slices.SortFunc(parts, func(a, b span) int { return strings.Compare(a.start, b.start) })
	var joined []span
	for _, part := range parts {
		last := len(joined) - 1
		if last >= 0 && (joined[last].end == access.OpenEnd || part.start <= joined[last].end) {
			joined[last].end = higher(joined[last].end, part.end)
		} else {
			joined = append(joined, part)
		}
	}
	return joined
}

// lower returns the end that comes first.
func lower(a, b string) string {
	if a == access.OpenEnd || b != access.OpenEnd && b < a {
		return b
	}
	return a
}

// higher returns the end that comes last.
func higher(a, b string) string {
	if lower(a, b) == a {
		return b
	}
	return a
}
