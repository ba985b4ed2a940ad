package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/retry"
)

// Request is a request to the cluster, or several.
type Request func(context.Context, *etcd.Client) error

// Step is one change of a command that makes several and is to leave all of
// them or none.
type Step struct {
	Do Request

	// Undo takes the change back. It is nil where the Undo of a step before
	// takes this change back as well.
	Undo Request

	Absent error // of Undo: there is nothing to take back

	// UndoInDoubt says that Undo does no harm where the change was not made. It
	// then also follows a Do whose answer was lost.
	UndoInDoubt bool

	Done string   // what has changed: "the role app was added"
	Mend []string // the arguments of the command that does by hand what Undo could not
}

// Steps makes the changes of one command, one after the other, over the
// command's client. etcd has no transaction over users and roles.
type Steps struct {
	f    *Factory
	done []doneStep
}

type doneStep struct {
	Step
	doubtful bool // its answer was lost
}

// Steps begins the changes of a command.
func (f *Factory) Steps() *Steps { return &Steps{f: f} }

// Do makes the next change, within the command's timeout. When it fails, Do
// takes back everything that was done before; the error says what became of
// it. Nothing may be done after that, unless it was the first change. An
// interrupt undoes as well: because no error of an interrupted command is
// printed, Do says it itself.
func (s *Steps) Do(ctx context.Context, step Step) error {
	err := s.request(ctx, step.Do)
	if err == nil {
		s.done = append(s.done, doneStep{Step: step})
		return nil
	}
	if retry.Answered(err) && (step.Undo != nil || len(s.done) > 0) { // it was made
		s.done = append(s.done, doneStep{Step: step})
		return s.Fail(ctx, err)
	}
	if retry.OutcomeUnknown(err) && (step.UndoInDoubt || step.Undo == nil && len(s.done) > 0) {
		s.done = append(s.done, doneStep{Step: step, doubtful: true})
	}
	return s.Fail(ctx, err)
}

// Fail takes back everything that was done, because of err, an error of
// something else that the command does. It returns err as Do returns one.
func (s *Steps) Fail(ctx context.Context, err error) error {
	if len(s.done) == 0 {
		return err
	}
	outcome := s.undo(ctx)
	if ctx.Err() != nil {
		s.f.Say("Interrupted: " + outcome)
	}
	return diagnose.WithOutcome(err, outcome)
}

// lagPause and lagLimit bound how often a request is repeated that the server
// denies to an administrator whose request before it allowed: etcd 3.5 does so
// until its backend commits the change of a user, within 100 ms.
const (
	lagPause = 50 * time.Millisecond
	lagLimit = 5 * time.Second
)

func (s *Steps) request(ctx context.Context, request Request) error {
	call := func() error {
		_, err := Call(ctx, s.f, func(ctx context.Context, c *etcd.Client) (struct{}, error) { return struct{}{}, request(ctx, c) })
		return err
	}
	if len(s.done) == 0 {
		return call()
	}
	return AfterChange(ctx, call)
}

// AfterChange calls request, which follows a change of users, until the server
// has caught up with that change.
func AfterChange(ctx context.Context, request func() error) error {
	for start := time.Now(); ; {
		err := request()
		if !errors.Is(err, rpctypes.ErrPermissionDenied) || time.Since(start) > lagLimit {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(lagPause):
		}
	}
}

// undo takes everything back, the last change first, and says what became of
// it.
func (s *Steps) undo(ctx context.Context) string {
	f := s.f
	if ctx.Err() != nil {
		// The client ended with its context.
		f = f.Detached()
		defer f.Disconnect()
		ctx = context.WithoutCancel(ctx)
	}
	undoing := &Steps{f: f, done: s.done}
	var depending, left []doneStep
	var failures []string
	for _, step := range slices.Backward(s.done) {
		depending = append(depending, step)
		if step.Undo == nil {
			continue
		}
		err := undoing.request(ctx, step.Undo)
		if err != nil && !retry.Answered(err) && (step.Absent == nil || !errors.Is(err, step.Absent)) {
			if says := f.Explain(ctx, err).Error(); !slices.Contains(failures, says) {
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
	for _, step := range slices.Backward(left) {
		what := step.Done
		if step.doubtful {
			what = "perhaps " + what
		}
		remains = append(remains, what)
		if len(step.Mend) == 0 {
			continue
		}
		line, ok := f.CommandLine(step.Mend...)
		if !ok {
			line = NoCommandLine
		}
		if !slices.Contains(mend, line) {
			mend = append(mend, line)
		}
	}
	return fmt.Sprintf("this remains, because changing it back failed (%s): %s; to change it back: %s",
		strings.Join(failures, "; "), strings.Join(remains, ", "), strings.Join(mend, "; "))
}
