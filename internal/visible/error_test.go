package visible

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

type list []string

func (l list) Error() string   { return strings.Join(l, "\n") }
func (l list) Lines() []string { return l }

func TestAnErrorHasOnlyLinesOfItsOwn(t *testing.T) {
	hostile := errors.New("no user \"a\nError: all is well\x1b[2J\"")
	const shown = `no user "a\nError: all is well\x1b[2J"`
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{hostile, shown},
		{fmt.Errorf("read: %w", hostile), "read: " + shown},
		{list{"two problems", "  a\rb", "  c"}, "two problems\n  a\\rb\n  c"},
		{fmt.Errorf("x\ny: %w, so\nit is", list{"1", "2"}), "x\\ny: 1\n2, so\\nit is"},
		{errors.Join(hostile, nil, errors.New("other")), shown + "\nother"},
		{fmt.Errorf("both: %w", errors.Join(errors.New("a"), errors.New("b"))), "both: a\\nb"},
	} {
		if got := Error(c.err); got != c.want {
			t.Errorf("%q is shown as %q, want %q", c.err, got, c.want)
		}
	}
}
