package iostreams

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
)

func TestAnInterruptEndsOnlyTheCommandInside(t *testing.T) {
	s, ctx := newSignals(t)
	for range 2 {
		inner, nested, end := s.Nest(ctx)
		s.deliver(os.Interrupt)
		if !errors.Is(context.Cause(inner), ErrInterrupted) || nested.Ended() != os.Interrupt {
			t.Errorf("the command has ended with %v by %v, want %v", context.Cause(inner), nested.Ended(), ErrInterrupted)
		}
		end()
		s.deliver(os.Interrupt)
	}
	if ctx.Err() != nil || s.Ended() != nil {
		t.Error("an interrupt ends the program")
	}
}

func TestATerminationEndsTheCommandInsideAndThenTheProgram(t *testing.T) {
	s, ctx := newSignals(t)
	inner, nested, end := s.Nest(ctx)
	captured := nested.Capture()
	s.deliver(syscall.SIGTERM)
	if got := <-captured; got != syscall.SIGTERM || inner.Err() != nil || ctx.Err() != nil {
		t.Errorf("the command gets %v, its context has ended with %v, that of the program with %v", got, inner.Err(), ctx.Err())
	}
	end()
	if !errors.Is(context.Cause(ctx), ErrInterrupted) || s.Ended() != syscall.SIGTERM {
		t.Errorf("the program has ended with %v by %v", context.Cause(ctx), s.Ended())
	}
}

func TestASecondTerminationDoesNotWaitForTheCommand(t *testing.T) {
	s, ctx := newSignals(t)
	_, nested, end := s.Nest(ctx)
	defer end()
	nested.Capture()
	s.deliver(syscall.SIGHUP)
	s.deliver(syscall.SIGTERM)
	if s.Ended() != syscall.SIGTERM || ctx.Err() == nil {
		t.Errorf("the program has ended by %v, want the second signal", s.Ended())
	}
}

func TestWithoutSignalsThereIsOnlyAContext(t *testing.T) {
	var none *Signals
	inner, nested, end := none.Nest(t.Context())
	if nested != nil || inner.Err() != nil {
		t.Error("there are Signals, or the context has ended")
	}
	end()
	if inner.Err() == nil {
		t.Error("the context goes on")
	}
}
