package lint

import (
	"cmp"
	"slices"

	"github.com/ectl-io/ectl/internal/access"
)

// coverage counts, for each key, the spans that contain it. Spans of a fixed list can
// be added and removed. Each call takes logarithmic time in the size of the list.
type coverage struct {
	starts []string // the keys where the count can change, sorted
	size   int      // number of leaves of the tree, a power of two
	lowest []int    // by node: the smallest count below it, without the additions above it
	added  []int    // by node: the addition to all keys below it

	steps int // how many nodes were visited, for tests
}

// newCoverage returns a coverage for spans. None of them is added yet.
func newCoverage(spans []access.Span) *coverage {
	c := &coverage{starts: make([]string, 0, 2*len(spans))}
	for _, s := range spans {
		c.starts = append(c.starts, s.Start)
		if s.End != "" {
			c.starts = append(c.starts, s.End)
		}
	}
	slices.Sort(c.starts)
	c.starts = slices.Compact(c.starts)
	for c.size = 1; c.size < len(c.starts); c.size *= 2 {
	}
	c.lowest, c.added = make([]int, 2*c.size), make([]int, 2*c.size)
	return c
}

// parts returns the indexes of the parts of the key space that form s. to is
// exclusive. s must be in the list.
func (c *coverage) parts(s access.Span) (from, to int) {
	from, _ = slices.BinarySearch(c.starts, s.Start)
	if to = len(c.starts); s.End != "" {
		to, _ = slices.BinarySearch(c.starts, s.End)
	}
	return from, to
}

// add adds n to the count of each key of s.
func (c *coverage) add(s access.Span, n int) {
	from, to := c.parts(s)
	c.addBelow(1, 0, c.size, from, to, n)
}

func (c *coverage) addBelow(node, start, end, from, to, n int) {
	c.steps++
	switch {
	case to <= start || end <= from:
		return
	case from <= start && end <= to:
		c.lowest[node] += n
		c.added[node] += n
		return
	}
	middle := (start + end) / 2
	c.addBelow(2*node, start, middle, from, to, n)
	c.addBelow(2*node+1, middle, end, from, to, n)
	c.lowest[node] = min(c.lowest[2*node], c.lowest[2*node+1]) + c.added[node]
}

// min returns the smallest count of any key of s.
func (c *coverage) min(s access.Span) int {
	from, to := c.parts(s)
	count, _ := c.minBelow(1, 0, c.size, from, to)
	return count
}

func (c *coverage) minBelow(node, start, end, from, to int) (count int, some bool) {
	c.steps++
	switch {
	case to <= start || end <= from:
		return 0, false
	case from <= start && end <= to:
		return c.lowest[node], true
	}
	middle := (start + end) / 2
	left, inLeft := c.minBelow(2*node, start, middle, from, to)
	right, inRight := c.minBelow(2*node+1, middle, end, from, to)
	switch {
	case !inLeft:
		return right + c.added[node], inRight
	case !inRight:
		return left + c.added[node], true
	}
	return min(left, right) + c.added[node], true
}

// containers finds a span that contains another span and is not equal to it. Spans
// can be removed from its list. Each call takes logarithmic time in the size of the
// list.
type containers struct {
	spans []access.Span
	order []int       // indexes of spans, sorted by start and then by index
	place map[int]int // position of an index in order
	size  int         // number of leaves of the tree, a power of two
	reach []string    // by node: the farthest end of a span below it, or noReach

	steps int // how many nodes were visited, for tests
}

// noReach is less than every end of a span, because no span ends with the first key.
const noReach = access.FirstKey

// newContainers returns containers with the chosen ones of spans.
func newContainers(spans []access.Span, chosen func(i int) bool) *containers {
	c := &containers{spans: spans, place: map[int]int{}}
	for i := range spans {
		if chosen(i) {
			c.order = append(c.order, i)
		}
	}
	slices.SortStableFunc(c.order, func(a, b int) int { return cmp.Compare(spans[a].Start, spans[b].Start) })
	for c.size = 1; c.size < len(c.order); c.size *= 2 {
	}
	c.reach = slices.Repeat([]string{noReach}, 2*c.size)
	for place, i := range c.order {
		c.place[i] = place
		c.reach[c.size+place] = spans[i].End
	}
	for node := c.size - 1; node > 0; node-- {
		c.join(node)
	}
	return c
}

func (c *containers) join(node int) {
	c.reach[node] = c.reach[2*node]
	if access.CompareEnds(c.reach[2*node+1], c.reach[node]) > 0 {
		c.reach[node] = c.reach[2*node+1]
	}
}

// remove removes the i-th span, if it is in the list.
func (c *containers) remove(i int) {
	place, in := c.place[i]
	if !in {
		return
	}
	c.reach[c.size+place] = noReach
	for node := (c.size + place) / 2; node > 0; node /= 2 {
		c.steps++
		c.join(node)
	}
}

// find returns the index of the first span, by start, that contains s and is not
// equal to s.
func (c *containers) find(s access.Span) (i int, found bool) {
	same, _ := slices.BinarySearchFunc(c.order, s.Start, func(i int, start string) int { return cmp.Compare(c.spans[i].Start, start) })
	behind, _ := slices.BinarySearchFunc(c.order, s.Start, func(i int, start string) int {
		if c.spans[i].Start <= start {
			return -1
		}
		return 1
	})
	if i, found = c.findBelow(1, 0, c.size, 0, same, func(end string) bool { return access.CompareEnds(end, s.End) >= 0 }); found {
		return i, true
	}
	// A span with the same start must be longer.
	return c.findBelow(1, 0, c.size, same, behind, func(end string) bool { return access.CompareEnds(end, s.End) > 0 })
}

// findBelow returns the first span below the node that reaches far enough. It checks
// the positions from from up to to, without to.
func (c *containers) findBelow(node, start, end, from, to int, enough func(end string) bool) (i int, found bool) {
	c.steps++
	if to <= start || end <= from || c.reach[node] == noReach || !enough(c.reach[node]) {
		return 0, false
	}
	if end-start == 1 {
		return c.order[start], true
	}
	middle := (start + end) / 2
	if i, found = c.findBelow(2*node, start, middle, from, to, enough); found {
		return i, true
	}
	return c.findBelow(2*node+1, middle, end, from, to, enough)
}
