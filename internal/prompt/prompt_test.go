package prompt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/iostreams"
)

func newTestPrompter(input string) (*Prompter, *bytes.Buffer) {
	var stderr bytes.Buffer
	return New(&iostreams.Streams{In: strings.NewReader(input), Out: io.Discard, Err: &stderr}), &stderr
}

func TestNewPasswordReadsTwoLinesOfOneReader(t *testing.T) {
	for _, test := range []struct {
		name, input, want string
		err               error
	}{
		{"two equal lines", "pw\npw\n", "pw", nil},
		{"without a last line ending", "pw\npw", "pw", nil},
		{"with Windows line endings", "pw\r\npw\r\n", "pw", nil},
		{"space at the ends is not part of it", " pw \npw\n", "pw", nil},
		{"space inside is", "p w\np w\n", "p w", nil},
		{"two different lines", "pw\nwp\n", "", ErrDifferentPasswords},
		{"no second line", "pw\n", "", ErrDifferentPasswords},
		{"an empty line", "\n\n", "", ErrEmptyPassword},
		{"nothing", "", "", ErrEmptyPassword},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, stderr := newTestPrompter(test.input)
			got, err := p.NewPassword(t.Context(), "bob")
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("%s: NewPassword = %q, %v; want %q, %v", test.name, got, err, test.want, test.err)
			}
			if !strings.HasPrefix(stderr.String(), "Password of bob: ") {
				t.Errorf("%s: stderr is %q, want the question on it", test.name, stderr)
			}
		})
	}
}

func TestQuestionsLeaveTheRestOfTheInput(t *testing.T) {
	p, _ := newTestPrompter("pw\nthe value\nof the key")
	if _, err := p.Secret(t.Context(), "Password: "); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(p.Stdin())
	if err != nil || string(rest) != "the value\nof the key" {
		t.Errorf("after a question the input is %q, %v; want the lines after the answer", rest, err)
	}
}

func TestAnInterruptEndsAQuestion(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	reader, writer := io.Pipe()
	defer writer.Close()
	p := New(&iostreams.Streams{In: reader, Err: io.Discard})
	cancel(interrupted)
	if _, err := p.Line(ctx); !errors.Is(err, interrupted) {
		t.Errorf("Line after an interrupt = %v, want its cause", err)
	}
}
