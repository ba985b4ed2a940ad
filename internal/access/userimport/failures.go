package userimport

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/usertable"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
)

// failures are the users that were not imported although others were.
type failures struct {
	places []string  // in the table
	status exit.Code // of the first
}

// result returns the error that lists the failures among the users of the table.
func (f *failures) result(users int) error {
	if len(f.places) == 0 {
		return nil
	}
	const shown = 20
	places := f.places
	if more := len(places) - shown; more > 0 {
		places = append(slices.Clone(places[:shown]), fmt.Sprintf("and %d more", more))
	}
	return exit.With(f.status, fmt.Errorf("%d of %s failed: %s", len(f.places), quantity.Of(users, "user"), strings.Join(places, ", ")))
}

// refuse returns an error with the problems. With KeepGoing, only their users fail.
func (r *run) refuse(problems usertable.Errors, code exit.Code) error {
	switch {
	case len(problems) == 0:
		return nil
	case !r.KeepGoing:
		return exit.With(code, problems)
	}
	causes := map[int][]string{} // of the lines
	for _, problem := range problems {
		causes[problem.Line] = append(causes[problem.Line], problem.Message)
	}
	r.users = slices.DeleteFunc(slices.Clone(r.users), func(user policy.User) bool {
		reasons, failed := causes[user.At.Line]
		if failed {
			r.fail(user, exit.With(code, errors.New(strings.Join(reasons, "; "))))
		}
		return failed
	})
	return nil
}

// fail reports a user that is not imported, while others are.
func (r *run) fail(user policy.User, err error) {
	place := fmt.Sprintf("%s:%d", user.At.File, user.At.Line)
	if r.failures.places = append(r.failures.places, place); len(r.failures.places) == 1 {
		r.failures.status = exit.CodeOf(err)
	}
	r.Report.Failed(fmt.Errorf("%s: %w", place, err))
}
