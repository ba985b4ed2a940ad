package exit

import (
	"errors"
	"fmt"
	"testing"
)

func TestCodeOfTakesTheInnermostStatus(t *testing.T) {
	plain := errors.New("plain")
	for _, test := range []struct {
		name string
		err  error
		want Code
	}{
		{"no error", nil, Success},
		{"an error without a status", plain, Error},
		{"a status", With(BadArgs, plain), BadArgs},
		{"a status wrapped in a message", fmt.Errorf("add user: %w", With(BadConnection, plain)), BadConnection},
		{"a status given again further out", With(Error, fmt.Errorf("outer: %w", With(IO, plain))), IO},
		{"a forced status over one further in", Force(Cancelled, fmt.Errorf("outer: %w", With(IO, plain))), Cancelled},
		{"a forced status under one further out", With(IO, fmt.Errorf("outer: %w", Force(Error, With(BadConnection, plain)))), Error},
		{"a forced status over a forced one", Force(Error, Force(IO, plain)), Error},
		{"a formatted bad argument", BadArgsf("user %q", "x"), BadArgs},
		{"a formatted bad feature", BadFeaturef("format %q", "x"), BadFeature},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := CodeOf(test.err); got != test.want {
				t.Errorf("%s: CodeOf = %d, want %d", test.name, got, test.want)
			}
		})
	}
}

func TestWithKeepsMessageAndCause(t *testing.T) {
	cause := errors.New("cause")
	err := With(IO, cause)
	if err.Error() != "cause" || !errors.Is(err, cause) {
		t.Errorf("With(IO, cause) = %v: want the message and the cause unchanged", err)
	}
	if err := Force(Cancelled, err); err.Error() != "cause" || !errors.Is(err, cause) {
		t.Errorf("Force(Cancelled, cause) = %v: want the message and the cause unchanged", err)
	}
	if With(IO, nil) != nil || Force(IO, nil) != nil {
		t.Error("With(IO, nil) or Force(IO, nil) is an error: want nil")
	}
}
