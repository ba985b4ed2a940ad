// Package suggest finds the known names that a mistyped word probably means. No I/O.
package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxWord is the maximum length of a word for which names are suggested, in bytes.
	// The cost of a comparison grows with the product of both lengths.
	maxWord = 100

	// shortWord is the length up to which a word of another tool must match exactly. Too
	// many short words are similar.
	shortWord = 3

	// maxNames is the maximum number of names that are suggested for a word.
	maxNames = 3
)

// Closest returns the name of known that is most similar to wrong, or an empty string
// if none is similar. Of equally similar names, it returns the first in alphabetical
// order.
func Closest(wrong string, known []string) string {
	if similar := Similar(wrong, known); len(similar) > 0 {
		return similar[0]
	}
	return ""
}

// Hint returns `did you mean "NAME"?` with the name of known that is most similar to
// wrong. It returns an empty string if none is similar.
func Hint(wrong string, known []string) string {
	best := Closest(wrong, known)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// Similar returns the names of known that are similar to wrong, the most similar first.
// It returns at most three.
func Similar(wrong string, known []string) []string { return Words(wrong, known, nil) }

// Words works like Similar. Besides known, it compares wrong with the keys of foreign,
// which are words of other tools. Each of these stands for the names in its value. Names
// that are not in known do not count. A name that is clearly less similar than the best
// one is omitted.
func Words(wrong string, known []string, foreign map[string][]string) []string {
	if len(wrong) > maxWord {
		return nil
	}
	var found []candidate
	add := func(name string, d int) {
		i := slices.IndexFunc(found, func(c candidate) bool { return c.name == name })
		switch {
		case i < 0:
			found = append(found, candidate{name, d})
		case d < found[i].distance:
			found[i].distance = d
		}
	}
	for _, name := range known {
		if d, similar := compare(wrong, name); similar {
			add(name, d)
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	for _, word := range sortedKeys(foreign) {
		d, similar := compare(wrong, word)
		if !similar || d > 0 && len(wrong) <= shortWord {
			continue
		}
		for _, name := range foreign[word] {
			if slices.Contains(known, name) {
				add(name, d)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	if len(found) > 0 {
		worst := found[0].distance
		if worst > 0 { // otherwise the meaning of the word is certain
			worst++
		}
		found = slices.DeleteFunc(found, func(c candidate) bool { return c.distance > worst })
	}
	names := make([]string, 0, maxNames)
	for _, c := range found[:min(len(found), maxNames)] {
		names = append(names, c.name)
	}
	return names
}

// candidate is a name that may be meant.
type candidate struct {
	name     string
	distance int
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Question returns "did you mean A, B or C?", or an empty string without names.
func Question(names []string) string {
	last := len(names) - 1
	switch {
	case last < 0:
		return ""
	case last == 0:
		return "did you mean " + names[0] + "?"
	}
	return "did you mean " + strings.Join(names[:last], ", ") + " or " + names[last] + "?"
}

// compare returns the distance between wrong and name without regard to case, and
// reports whether they are similar. They are if at most a third of the letters differ,
// or one letter in a short word.
func compare(wrong, name string) (d int, similar bool) {
	limit := max(1, len(wrong)/3)
	// A character has at most utf8.UTFMax bytes.
	if utf8.RuneCountInString(wrong)-len(name) > limit || len(name)/utf8.UTFMax-len(wrong) > limit {
		return 0, false
	}
	d = distance(strings.ToLower(wrong), strings.ToLower(name))
	return d, d <= limit && d < len(name)
}

// distance returns the number of characters to insert, delete, replace, or swap with
// their neighbor to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			replace := rows[i-1][j-1]
			if x[i-1] != y[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
