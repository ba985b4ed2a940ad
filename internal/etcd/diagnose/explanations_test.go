package diagnose

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// An explanation that an earlier one hides would be documented and never printed.
func TestEveryExplanationOfAServersErrorIsReached(t *testing.T) {
	all := explanations()
	reached := 0
	for i, e := range all {
		for _, err := range e.errors {
			t.Run(err.Error(), func(t *testing.T) {
				first := 0
				for !all[first].matches(err) {
					first++
				}
				if first != i {
					t.Errorf("explanation %d (%s) matches first, want %d", first, all[first].text(), i)
				}
			})
			reached++
		}
	}
	if reached < 25 {
		t.Errorf("only %d errors of the server have an explanation", reached)
	}
}

func TestDocumentedExplanationsAreThoseThatArePrinted(t *testing.T) {
	d := New(Config{})
	for _, e := range explanations() {
		for _, err := range e.errors {
			if e.reason != nil {
				continue
			}
			if got := d.reason(context.Background(), err, ""); got == "" || got != e.cause+e.separator+e.remedy {
				t.Errorf("%v: got %q, want %q", err, got, e.cause+e.separator+e.remedy)
			}
		}
	}
	if got := d.reason(context.Background(), status.Error(codes.Unimplemented, "unknown method"), ""); got != "this server is too old for the command" {
		t.Errorf("an unknown method: got %q", got)
	}
	for _, e := range append(Explanations(), Failures()...) {
		if e.Message == "" || e.Cause == "" && e.Remedy == "" {
			t.Errorf("%+v explains nothing", e)
		}
	}
}
