package iostreams

import (
	"context"
	"os"
)

// Nest returns a context and Signals for a command line that runs inside the program, for
// example in a shell, and a function that ends them. From the first call on, SIGINT
// cancels only the context of the command line that runs at this time. Other signals end
// it, and then the program.
//
// If s is nil, so are the Signals.
func (s *Signals) Nest(ctx context.Context) (context.Context, *Signals, func()) {
	inner, cancel := context.WithCancelCause(ctx)
	if s == nil {
		return inner, nil, func() { cancel(nil) }
	}
	nested := &Signals{cancel: cancel, done: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missed { // it is meant for this command line, which was about to begin
		nested.deliver(os.Interrupt)
	}
	s.nests, s.nested, s.missed = true, nested, false
	return inner, nested, func() {
		cancel(nil)
		s.unnest(nested)
	}
}

// unnest ends a command line, and delivers the signal that waited for its end.
func (s *Signals) unnest(nested *Signals) {
	s.mu.Lock()
	if s.nested != nested {
		s.mu.Unlock()
		return
	}
	s.nested = nil
	postponed := s.postponed
	s.postponed = nil
	s.mu.Unlock()
	if postponed != nil {
		s.deliver(postponed)
	}
}

// passOn passes a signal on to the command line that runs inside. It returns false if the
// signal is for the program: there is no such command line, or a second signal shows that
// the command line does not end. s.mu is locked.
func (s *Signals) passOn(received os.Signal) bool {
	interrupt := received == os.Interrupt
	switch {
	case !s.nests:
		return false
	case s.nested == nil:
		s.missed = s.missed || interrupt
		return interrupt
	}
	s.nested.deliver(received)
	if interrupt {
		return true
	}
	again := s.postponed != nil
	s.postponed = received
	return !again
}
