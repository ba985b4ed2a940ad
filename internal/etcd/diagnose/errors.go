package diagnose

import "errors"

// explained is an error with its reason and advice. Its text starts with the text of the
// error, on which scripts rely. The reason is empty if there is nothing to add. Then no
// other client explains the error either.
type explained struct {
	err    error
	reason string
}

func (e *explained) Error() string {
	if e.reason == "" {
		return e.err.Error()
	}
	return e.err.Error() + ": " + e.reason
}
func (e *explained) Unwrap() error { return e.err }

// WithReason adds the reason to an error that the command can explain better than
// Explain. Explain then leaves the error unchanged.
func WithReason(err error, reason string) error { return &explained{err: err, reason: reason} }

// settled is an error with the outcome of the changes. Its text ends with the outcome,
// after the reason.
type settled struct {
	err     error
	outcome string
}

func (e *settled) Error() string { return e.err.Error() + "; " + e.outcome }
func (e *settled) Unwrap() error { return e.err }

// WithOutcome adds to the error of a request what the command has done about it and
// about earlier changes. outcome is a part of a sentence. Explain then does not warn
// that a change may have been made.
func WithOutcome(err error, outcome string) error { return &settled{err: err, outcome: outcome} }

// HasOutcome reports whether err already has an outcome.
func HasOutcome(err error) bool {
	_, has := errors.AsType[*settled](err)
	return has
}

// WithoutOutcome returns err without the outcome of changes. It also drops the errors that
// wrap the outcome.
func WithoutOutcome(err error) error {
	for {
		s, has := errors.AsType[*settled](err)
		if !has {
			return err
		}
		err = s.err
	}
}

// Text returns the text of err without the reason that was added, as etcdctl prints it.
func Text(err error) string {
	if e, ok := errors.AsType[*explained](err); ok {
		err = e.err
	}
	if p, ok := errors.AsType[*plain](err); ok && p.Error() == err.Error() {
		err = p.err
	}
	return err.Error()
}
