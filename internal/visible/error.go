package visible

import (
	"errors"
	"strings"
)

// lined describes errors that have several lines on purpose.
type lined interface {
	error
	Lines() []string
}

// joined describes the errors of errors.Join, which print one error a line.
type joined interface{ Unwrap() []error }

// Error returns the text of err with invisible characters escaped, as Line does. Only two
// kinds of errors keep several lines: errors with a method Lines, and errors of
// errors.Join.
func Error(err error) string {
	text := err.Error()
	if j, ok := err.(joined); ok { // checks err itself, not its causes
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
