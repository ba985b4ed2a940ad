package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/quantity"
)

// Position is a place in a file. Line and Column count from 1 and are 0 where
// they are unknown.
type Position struct {
	File         string
	Line, Column int
}

// String is the position in the form that editors jump to: FILE:LINE:COLUMN.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one fault of a policy file.
type Problem struct {
	At      Position
	Message string
	Hint    string // what to do, perhaps empty
}

// String is the problem on one line.
func (p Problem) String() string {
	text := p.At.String() + ": " + p.Message
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// Errors are all faults of the policy files, and the error of Parse.
type Errors []Problem

// Error lists the problems, each on a line of its own.
func (p Errors) Error() string {
	lines := make([]string, 0, len(p)+1)
	if len(p) == 1 {
		return p[0].String()
	}
	lines = append(lines, quantity.Of(len(p), "problem")+" in the policy")
	for _, problem := range p {
		lines = append(lines, "  "+problem.String())
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems in the order of files and places, files in the
// order in which they were given.
func (p Errors) sorted(files []string) Errors {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.At.File), slices.Index(files, b.At.File)),
			cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column),
		)
	})
	return p
}

// Suggest returns "did you mean ...?" with the name of known that wrong was
// most likely meant to be, or an empty string where none is near.
func Suggest(wrong string, known []string) string {
	best, least := "", 1+max(1, len(wrong)/3)
	for _, name := range slices.Sorted(slices.Values(known)) {
		if d := distance(strings.ToLower(wrong), strings.ToLower(name)); d < least && d < len(name) {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// distance is the number of characters to insert, delete, replace or swap with
// their neighbour to turn a into b.
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
