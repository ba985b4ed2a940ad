package visible

import (
	"errors"
	"strings"
)

// lined is an error whose text has several lines on purpose.
type lined interface {
	error
	Lines() []string
}

// joined is an error of errors.Join, each on a line of its own.
type joined interface{ Unwrap() []error }

// Error returns the text of err as Line does. Only errors that have several lines
// on purpose have more than one: those with a method Lines, and several that were
// joined.
func Error(err error) string {
	text := err.Error()
	if j, ok := err.(joined); ok { // of this error, not of its causes
		texts, lines := []string{}, []string{}
		for _, one := range j.Unwrap() {
			texts, lines = append(texts, one.Error()), append(lines, Error(one))
		}
		if strings.Join(texts, "\n") == text {
			return strings.Join(lines, "\n")
		}
	}
	if l, ok := errors.AsType[lined](err); ok {
		if before, after, found := strings.Cut(text, l.Error()); found {
			lines := l.Lines()
			shown := make([]string, 0, len(lines))
			for _, line := range lines {
				shown = append(shown, Line(line))
			}
			return Line(before) + strings.Join(shown, "\n") + Line(after)
		}
	}
	return Line(text)
}
