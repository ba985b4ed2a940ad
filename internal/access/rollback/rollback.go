// Package rollback makes several changes of users and roles, either all or none. etcd
// has no transaction for them.
package rollback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/session"
)

// Change is one change of a Sequence.
type Change struct {
	Do session.Request

	// Undo rolls the change back. It is nil if the Undo of an earlier change also
	// rolls this one back.
	Undo session.Request

	Absent error // the error of Undo that means that there is nothing to roll back

	// UndoUnknown reports that Undo does no harm if the change was not made. Undo
	// then also runs after a Do with an unknown outcome.
	UndoUnknown bool

	// Prove succeeds only if this sequence has made the change. After a Do with an
	// unknown outcome, Undo also runs if Prove succeeds. The session has no user. Prove
	// is nil if there is no proof.
	Prove func(context.Context, *session.Session) error

	Done string    // what has changed, for example "the role app was added"
	Fix  plan.Step // the step for the user if Undo fails; none if its Verb is empty
}

// Sequence makes changes one after another, with the client of its session.
type Sequence struct {
	session *session.Session
	report  Report
	done    []doneChange
	remains bool // a failed rollback has left changes
	unknown bool // a change may have been made that was not rolled back
}

// Report contains the callbacks through which a Sequence prints messages.
type Report struct {
	Say     func(string)           // prints a line
	Command func(plan.Step) string // returns the command line for the step
}

type doneChange struct {
	Change
	unknown bool // the outcome is unknown
}

// Remains reports whether a rollback has failed, so that changes remain.
func (s *Sequence) Remains() bool { return s.remains }

// Unknown reports whether the change that failed may have been made, and was not rolled
// back, because another process may have made it.
func (s *Sequence) Unknown() bool { return s.unknown }

// New returns a sequence without changes. If the command is interrupted, the sequence
// prints the outcome itself, because errors of an interrupted command are not
// printed.
func New(s *session.Session, r Report) *Sequence { return &Sequence{session: s, report: r} }

// Do makes the next change, within the command's timeout. If it fails, Do rolls back
// all earlier changes, and the returned error describes the outcome. After an error,
// do not call Do again, unless it was the first change. An interrupt also causes a
// rollback.
func (s *Sequence) Do(ctx context.Context, change Change) error {
	err := s.request(ctx, change.Do)
	if err == nil {
		s.done = append(s.done, doneChange{Change: change})
		return nil
	}
	undoable := change.Undo != nil || len(s.done) > 0
	switch {
	case !retry.OutcomeUnknown(err):
	case undoable && (retry.Answered(err) || s.proves(ctx, change)): // the change was made
		s.done = append(s.done, doneChange{Change: change})
	case undoable && (change.UndoUnknown || change.Undo == nil):
		s.done = append(s.done, doneChange{Change: change, unknown: true})
	default:
		s.unknown = true
	}
	return s.Fail(ctx, err)
}

// proofLimit is the timeout of a proof.
const proofLimit = 5 * time.Second

// proves reports whether the sequence is known to have made a change whose outcome is
// unknown.
func (s *Sequence) proves(ctx context.Context, change Change) bool {
	if change.Prove == nil {
		return false
	}
	who := s.session.Quiet().As("", "")
	defer who.Disconnect()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofLimit)
	defer cancel()
	return change.Prove(ctx, who) == nil
}

// Fail rolls back all changes because another part of the command failed with err. It
// returns err with the outcome, as Do does.
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

// undo rolls all changes back, the last one first, and describes the outcome.
func (s *Sequence) undo(ctx context.Context) string {
	undoing := &Sequence{session: s.session, done: s.done}
	if ctx.Err() != nil {
		// The client is closed, because its context is cancelled.
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
			if reason := undoing.session.Explain(ctx, err).Error(); !slices.Contains(failures, reason) {
				failures = append(failures, reason)
			}
			left = append(left, depending...)
		}
		depending = nil
	}
	if len(failures) == 0 {
		return "what had been changed before was changed back, nothing is left of it"
	}
	s.remains = true
	var remains, fixes []string
	for _, change := range slices.Backward(left) {
		what := change.Done
		if change.unknown {
			what = "perhaps " + what
		}
		remains = append(remains, what)
		if change.Fix.Verb == "" {
			continue
		}
		if line := s.report.Command(change.Fix); !slices.Contains(fixes, line) {
			fixes = append(fixes, line)
		}
	}
	return fmt.Sprintf("this remains, because changing it back failed (%s): %s; to change it back: %s",
		strings.Join(failures, "; "), strings.Join(remains, ", "), strings.Join(fixes, "; "))
}
