package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/quantity"
)

// Position is a place in a file. Line and Column count from 1, and are 0 if they are
// unknown.
type Position struct {
	File         string
	Line, Column int
}

// String returns the position in the form that editors recognize: FILE:LINE:COLUMN.
// If the line is unknown, it returns FILE.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one fault of a policy file. Its texts contain names and keys, but no
// other text of the file: a misplaced text may be a password.
type Problem struct {
	At      Position
	Message string
	Hint    string // how to fix it; may be empty

	more int // the number of omitted problems, only in the last element of Errors
}

// String returns the problem on one line.
func (p Problem) String() string {
	text := p.At.String() + ": " + p.Message
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// Errors lists the faults of the policy files. Parse returns it as its error.
type Errors []Problem

const (
	// maxProblems is the maximum number of faults that are stored. Further faults are
	// only counted.
	maxProblems = 1000

	// maxShown is the maximum number of faults that an error lists.
	maxShown = 50
)

// Error lists the first problems, one on each line, and the number of further ones.
func (p Errors) Error() string { return strings.Join(p.Lines(), "\n") }

// Lines returns the lines of Error.
func (p Errors) Lines() []string {
	if len(p) == 1 {
		return []string{p[0].String()}
	}
	total := 0
	lines := make([]string, 1, 2+min(len(p), maxShown))
	for _, problem := range p {
		switch {
		case problem.more > 0:
			total += problem.more
		case len(lines) <= maxShown:
			lines = append(lines, "  "+problem.String())
			fallthrough
		default:
			total++
		}
	}
	lines[0] = quantity.Of(total, "problem") + " in the policy"
	if hidden := total - (len(lines) - 1); hidden > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", hidden))
	}
	return lines
}

// sorted returns the problems sorted by file, line and column. The files keep the
// order of the argument. more is the number of problems that were not stored.
func (p Errors) sorted(files []string, more int) Errors {
	place := map[string]int{}
	for i, file := range files {
		if _, known := place[file]; !known {
			place[file] = i
		}
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(place[a.At.File], place[b.At.File]),
			cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column),
		)
	})
	if more > 0 {
		p = append(p, Problem{more: more})
	}
	return p
}

// maxName is the maximum length of a name in an error, in bytes.
const maxName = 100

// quoted returns a name as a quoted string, shortened if it is long.
func quoted(name string) string {
	if len(name) > maxName {
		return strconv.Quote(strings.ToValidUTF8(name[:maxName], "")) + "..."
	}
	return strconv.Quote(name)
}

// named returns a name for use in a sentence. It quotes a name that is empty, long,
// or contains spaces or characters that are not printable.
func named(name string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, odd) {
		return quoted(name)
	}
	return name
}

// userPart returns the name of a user without the text after a colon. In bob:secret,
// which lacks a space after the colon, that text is not part of the name.
func userPart(name string) string {
	if before, _, found := strings.Cut(name, ":"); found {
		return before + ":..."
	}
	return name
}

// maxHints is the maximum number of faults for which a similar name is suggested.
// Each suggestion compares all names of a file or cluster.
const maxHints = 10
