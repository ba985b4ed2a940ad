package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/usertable"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/quantity"
)

// failures are the users who were not imported although others were.
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

// refuse ends the command because of problems. With --keep-going, only their users fail.
func (i *importing) refuse(problems usertable.Errors, code exit.Code) error {
	switch {
	case len(problems) == 0:
		return nil
	case !i.opts.KeepGoing:
		return exit.With(code, problems)
	}
	i.users = slices.DeleteFunc(slices.Clone(i.users), func(user policy.User) bool {
		var causes []string
		for _, problem := range problems {
			if problem.Line == user.At.Line {
				causes = append(causes, problem.Message)
			}
		}
		if len(causes) > 0 {
			i.fail(user, exit.With(code, errors.New(strings.Join(causes, "; "))))
		}
		return len(causes) > 0
	})
	return nil
}

// fail reports a user who is not imported, while others are.
func (i *importing) fail(user policy.User, err error) {
	place := fmt.Sprintf("%s:%d", user.At.File, user.At.Line)
	if i.places = append(i.places, place); len(i.places) == 1 {
		i.status = exit.CodeOf(err)
	}
	i.f.SayError(fmt.Errorf("%s: %w", place, err))
}

// changeEach adds each user and grants its roles: all of this, or nothing. The others do
// not depend on it. It returns an error only if the command is interrupted.
func (i *importing) changeEach(ctx context.Context) error {
	counted, added := progress.Count(ctx, "Adding users")
	defer added.End()
	added.SetTotal(int64(len(i.users)))
	generated := i.generated()
	absent := set(nil) // users whose passwords are not in effect
	for _, user := range i.users {
		if ctx.Err() != nil {
			absent[user.Name] = true
			continue
		}
		i.steps, i.unknown = i.f.Changes(), ""
		imported, err := i.add(counted, user)
		switch {
		case err == nil:
			i.result.Users = append(i.result.Users, imported)
		case ctx.Err() == nil:
			i.fail(user, i.f.Explain(ctx, i.withOutcome(err)))
		}
		absent[user.Name] = err != nil && !i.remains()
		added.Add(1)
	}
	inEffect := slices.DeleteFunc(slices.Clone(generated), func(user policy.User) bool { return absent[user.Name] })
	if i.written && len(inEffect) < len(generated) {
		i.keepPasswords(inEffect)
	}
	if ctx.Err() != nil {
		i.f.Say(fmt.Sprintf("Interrupted: %d of %s were imported before", len(i.result.Users), quantity.Of(len(i.opts.Users), "user")))
		return context.Cause(ctx)
	}
	return nil
}
