package access

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// words are all keys of up to n of the bytes of the alphabet: binary ones, the
// smallest and the largest among them.
func words(n int) []string {
	all := []string{}
	last := []string{""}
	for range n {
		var next []string
		for _, word := range last {
			for _, b := range []string{"\x00", "a", "b", "\xff"} {
				next = append(next, word+b)
			}
		}
		all = append(all, next...)
		last = next
	}
	return all
}

// randomRange returns a range whose ends are words of up to two bytes, of every
// kind that the API has, without keys now and then.
func randomRange(random *rand.Rand, ends []string) Range {
	r := Range{Key: []byte(ends[random.IntN(len(ends))])}
	switch random.IntN(8) {
	case 0:
		r.End = []byte(OpenEnd)
	case 1, 2:
		r.End = PrefixEnd(r.Key)
	case 3, 4:
	default:
		r.End = []byte(ends[random.IntN(len(ends))])
	}
	return r
}

func randomRanges(random *rand.Rand, ends []string) []Range {
	ranges := make([]Range, random.IntN(6))
	for i := range ranges {
		ranges[i] = randomRange(random, ends)
	}
	return ranges
}

// bounds returns the keys at which any of ranges begins or at which the keys
// behind it begin, sorted. Between two of them nothing changes: what holds for
// each of these keys holds for all.
func bounds(ranges ...Range) []string {
	keys := []string{"\x00"}
	for _, r := range ranges {
		for _, key := range []string{string(r.Key), string(r.Key) + "\x00", string(r.End)} {
			if key != "" { // no key is empty
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func anyCovers(ranges []Range, key string) bool {
	return slices.ContainsFunc(ranges, func(r Range) bool { return covers(r, key) })
}

func TestSetsHoldTheKeysThatTheirOperationsSay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	ends := words(2)
	for range 5000 {
		a, b, r := randomRanges(random, ends), randomRanges(random, ends), randomRange(random, ends)
		s, u := SetOf(a...), SetOf(b...)
		first, all, touched := "", true, false
		for _, key := range bounds(slices.Concat(a, b, []Range{r})...) {
			one := Range{Key: []byte(key)}
			inA, inB := anyCovers(a, key), anyCovers(b, key)
			for name, is := range map[string][2]bool{
				"a":                   {s.Contains(one), inA},
				"a touched":           {s.Touches(one), inA},
				"union":               {s.Union(u).Contains(one), inA || inB},
				"intersection":        {s.Intersection(u).Contains(one), inA && inB},
				"difference":          {s.Difference(u).Contains(one), inA && !inB},
				"a through its range": {SetOf(s.Ranges()...).Contains(one), inA},
			} {
				if is[0] != is[1] {
					t.Fatalf("%s of a %q and b %q has %q: %t", name, a, b, key, is[0])
				}
			}
			if covers(r, key) {
				touched = touched || inA
				if all && !inA {
					first, all = key, false
				}
			}
		}
		if r.IsEmpty() {
			continue
		}
		if got := s.Contains(r); got != all {
			t.Fatalf("%q contain %q: %t", a, r, got)
		}
		if got, missing := s.FirstMissing(r); missing == all || string(got) != first {
			t.Fatalf("the first key of %q that is not in %q is %q, want %q", r, a, got, first)
		}
		if got := s.Touches(r); got != touched {
			t.Fatalf("%q touch %q: %t", a, r, got)
		}
	}
}

func TestEqualSetsAreWrittenTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	ends := words(2)
	for range 2000 {
		a, b := SetOf(randomRanges(random, ends)...), SetOf(randomRanges(random, ends)...)
		union := a.Union(b)
		// The same keys, put together in other ways.
		for name, same := range map[string]Set{
			"b and a":              b.Union(a),
			"a and the rest of b":  a.Union(b.Difference(a)),
			"what they hold apart": a.Difference(b).Union(b.Difference(a)).Union(a.Intersection(b)),
			"its ranges":           SetOf(union.Ranges()...),
			"all but all but it":   EveryKey().Difference(EveryKey().Difference(union)),
		} {
			if !same.Equal(union) || same.String() != union.String() || fmt.Sprint(same.Ranges()) != fmt.Sprint(union.Ranges()) {
				t.Fatalf("%s is %q, want %q", name, same, union)
			}
		}
		for _, s := range []Set{union, a.Intersection(b), a.Difference(b)} {
			checkForm(t, s)
		}
	}
}

// checkForm checks that s is as short as can be, which comparing relies on.
func checkForm(t *testing.T, s Set) {
	t.Helper()
	for i, this := range s.spans {
		if this.Start == "" || this.End != "" && this.End <= this.Start {
			t.Fatalf("the set %q has a range without keys", s)
		}
		if i > 0 && (s.spans[i-1].End == "" || s.spans[i-1].End >= this.Start) {
			t.Fatalf("the set %q has ranges that touch or are not in order", s)
		}
	}
}

func TestSetDescribesItselfAsRanges(t *testing.T) {
	prefix := func(p string) Range { return Range{Key: []byte(p), End: PrefixEnd([]byte(p))} }
	key := func(k string) Range { return Range{Key: []byte(k)} }
	for _, test := range []struct {
		set  Set
		want string
	}{
		{Set{}, "no key"},
		{SetOf(Range{Key: []byte("b"), End: []byte("a")}, Range{}), "no key"},
		{EveryKey(), "every key"},
		{SetOf(prefix("")), "every key"},
		{SetOf(Range{Key: []byte("b"), End: []byte(OpenEnd)}, Range{Key: []byte(OpenEnd), End: []byte("b")}), "every key"},
		{SetOf(prefix("/b/"), prefix("/a/"), prefix("/a/x")), "prefix /a/, prefix /b/"},
		{SetOf(Range{Key: []byte("a"), End: []byte("b")}, Range{Key: []byte("b"), End: []byte("c")}), "[a, c)"},
		{SetOf(key("a"), key("a\x00")), `[a, "a\x00\x00")`},
		{SetOf(key("a")), "key a"},
		{SetOf(Range{Key: []byte("a"), End: []byte("a\x00")}), "key a"},
		{EveryKey().Difference(SetOf(prefix("/a/"))), `["\x00", /a/), keys from /a0`},
		{SetOf(key("a b"), prefix("\xff")), `key "a b", prefix "\xff"`},
	} {
		t.Run(test.want, func(t *testing.T) {
			if got := test.set.String(); got != test.want {
				t.Errorf("the set of %q is described as %q, want %q", test.set.Ranges(), got, test.want)
			}
		})
	}
}

func FuzzSetsOfTwoRanges(f *testing.F) {
	f.Fuzz(func(t *testing.T, key1, end1, key2, end2, key string) {
		a, b := Range{Key: []byte(key1), End: []byte(end1)}, Range{Key: []byte(key2), End: []byte(end2)}
		s, u := SetOf(a), SetOf(b)
		for _, set := range []Set{s, u, s.Union(u), s.Intersection(u), s.Difference(u), u.Difference(s)} {
			checkForm(t, set)
			if text := set.String(); strings.ContainsAny(text, "\n\r\x00\x1b") {
				t.Errorf("the set is described as %q, want one line of text", text)
			}
		}
		if got, want := s.Contains(b), u.Difference(s).IsEmpty(); got != want {
			t.Errorf("%q contains %q: %t, and what is left of it: %q", a, b, got, u.Difference(s))
		}
		if missing, lacks := s.FirstMissing(b); lacks && (!covers(b, string(missing)) || covers(a, string(missing))) {
			t.Errorf("the first key of %q that is not in %q is said to be %q", b, a, missing)
		}
		for _, key := range []string{key, key1, key2, end1, end2, key1 + "\x00", end1 + "\x00"} {
			if key == "" {
				continue // no key is empty
			}
			inA, inB := covers(a, key), covers(b, key)
			if got := s.Union(u).Contains(Range{Key: []byte(key)}); got != (inA || inB) {
				t.Errorf("the union of %q and %q has %q: %t", a, b, key, got)
			}
			if got := s.Difference(u).Contains(Range{Key: []byte(key)}); got != (inA && !inB) {
				t.Errorf("%q without %q has %q: %t", a, b, key, got)
			}
		}
	})
}

func TestOperationsLeaveTheirSetsAlone(t *testing.T) {
	a := SetOf(Range{Key: []byte("a"), End: []byte("c")}, Range{Key: []byte("x")})
	b := SetOf(Range{Key: []byte("b"), End: []byte("d")}, Range{Key: []byte("x")})
	before := [2]string{a.String(), b.String()}
	a.Union(b)
	a.Difference(b)
	a.Intersection(b)
	for _, r := range a.Ranges() {
		copy(r.Key, bytes.Repeat([]byte("z"), len(r.Key)))
	}
	if after := [2]string{a.String(), b.String()}; after != before {
		t.Errorf("the sets were %q and are %q", before, after)
	}
}
