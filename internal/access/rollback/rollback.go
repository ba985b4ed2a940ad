// Package rollback makes several changes of users and roles, all of them or none. etcd
// has no transaction over them.
package rollback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/session"
)

// Change is one change of several.
type Change struct {
	Do session.Request

	// Undo rolls the change back. It is nil if the Undo of a change before rolls
	// this one back as well.
	Undo session.Request

	Absent error // of Undo: there is nothing to roll back

	// UndoInDoubt reports that Undo does no harm if the change was not made. It
	// then also follows a Do whose answer was lost.
	UndoInDoubt bool

	Done string    // what has changed: "the role app was added"
	Mend plan.Step // what Undo could not do, for the user to do; none if it has no Verb
}

// Sequence makes changes one after the other, over the client of its session.
type Sequence struct {
	session *session.Session
	report  Report
	done    []doneChange
}

// Report is how a sequence talks to the user.
type Report struct {
	Say     func(string)           // prints a line
	Command func(plan.Step) string // is the command line that does the step
}

type doneChange struct {
	Change
	doubtful bool // its answer was lost
}

// New begins a sequence of changes. It says what became of the changes of an
// interrupted command, because no error of one is printed.
func New(s *session.Session, r Report) *Sequence { return &Sequence{session: s, report: r} }

// Do makes the next change, within the command's timeout. If it fails, Do rolls back
// everything that was done before; the error says what became of it. Nothing may be
// done after that, unless it was the first change. An interrupt rolls back as well.
func (s *Sequence) Do(ctx context.Context, change Change) error {
	err := s.request(ctx, change.Do)
	if err == nil {
		s.done = append(s.done, doneChange{Change: change})
		return nil
	}
	if retry.Answered(err) && (change.Undo != nil || len(s.done) > 0) { // it was made
		s.done = append(s.done, doneChange{Change: change})
		return s.Fail(ctx, err)
	}
	if retry.OutcomeUnknown(err) && (change.UndoInDoubt || change.Undo == nil && len(s.done) > 0) {
		s.done = append(s.done, doneChange{Change: change, doubtful: true})
	}
	return s.Fail(ctx, err)
}

// Fail rolls back everything that was done, because of err, an error of something
// else that the command does. It returns err as Do returns one.
func (s *Sequence) Fail(ctx context.Context, err error) error {
	if len(s.done) == 0 {
		return err
	}
	outcome := s.undo(ctx)
	if ctx.Err() != nil {
		s.report.Say("Interrupted: " + outcome)
	}
	return diagnose.WithOutcome(err, outcome)
}

func (s *Sequence) request(ctx context.Context, request session.Request) error {
	if len(s.done) == 0 {
		return s.session.Do(ctx, request)
	}
	return s.session.DoAfterChange(ctx, request)
}

// undo rolls everything back, the last change first, and says what became of it.
func (s *Sequence) undo(ctx context.Context) string {
	undoing := &Sequence{session: s.session, done: s.done}
	if ctx.Err() != nil {
		// The client ended with its context.
		undoing.session = s.session.Detached()
		defer undoing.session.Disconnect()
		ctx = context.WithoutCancel(ctx)
	}
	var depending, left []doneChange
	var failures []string
	for _, change := range slices.Backward(s.done) {
		depending = append(depending, change)
		if change.Undo == nil {
			continue
		}
		err := undoing.request(ctx, change.Undo)
		if err != nil && !retry.Answered(err) && (change.Absent == nil || !errors.Is(err, change.Absent)) {
			if says := undoing.session.Explain(ctx, err).Error(); !slices.Contains(failures, says) {
				failures = append(failures, says)
			}
			left = append(left, depending...)
		}
		depending = nil
	}
	if len(failures) == 0 {
		return "what had been changed before was changed back, nothing is left of it"
	}
	var remains, mend []string
	for _, change := range slices.Backward(left) {
		what := change.Done
		if change.doubtful {
			what = "perhaps " + what
		}
		remains = append(remains, what)
		if change.Mend.Verb == "" {
			continue
		}
		if line := s.report.Command(change.Mend); !slices.Contains(mend, line) {
			mend = append(mend, line)
		}
	}
	return fmt.Sprintf("this remains, because changing it back failed (%s): %s; to change it back: %s",
		strings.Join(failures, "; "), strings.Join(remains, ", "), strings.Join(mend, "; "))
}
