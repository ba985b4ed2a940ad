package diagnose

import "errors"

// explained is an error with the reason behind it and advice. Its text starts
// with the text of the error, on which scripts rely. The reason is empty if there
// is nothing to add; the error then is not explained by another client either.
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

// WithReason adds the reason to an error of which the command knows more than Explain,
// which leaves it as it is.
func WithReason(err error, reason string) error { return &explained{err: err, reason: reason} }

// settled is an error after which it is known what became of the changes. Its text
// ends with that, after the reason.
type settled struct {
	err     error
	outcome string
}

func (e *settled) Error() string { return e.err.Error() + "; " + e.outcome }
func (e *settled) Unwrap() error { return e.err }

// WithOutcome adds to the error of a request what the command has done about it and
// about the changes before it. outcome is a part of a sentence. After that Explain
// expresses no doubt about changes.
func WithOutcome(err error, outcome string) error { return &settled{err: err, outcome: outcome} }

// HasOutcome says whether err says already what became of the changes.
func HasOutcome(err error) bool {
	_, has := errors.AsType[*settled](err)
	return has
}

// Text is the text of err without the reason that was added to it: what
// etcdctl prints.
func Text(err error) string {
	if e, ok := errors.AsType[*explained](err); ok {
		return e.err.Error()
	}
	return err.Error()
}
