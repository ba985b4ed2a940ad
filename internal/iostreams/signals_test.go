package iostreams

import (
	"errors"
	"io"
	"os"
	"testing"
)

func TestAWriteThatNobodyReadsEndsWithASignal(t *testing.T) {
	s := &Signals{done: make(chan struct{})}
	reader, writer := io.Pipe()
	defer reader.Close()
	failed := make(chan error)
	go func() {
		_, err := s.Writer(writer).Write([]byte("read by nobody"))
		failed <- err
	}()
	if !s.give(os.Interrupt) {
		t.Error("nobody has taken the signals, and the context does not end")
	}
	if err := <-failed; !errors.Is(err, ErrInterrupted) {
		t.Errorf("the write ends with %v, want %v", err, ErrInterrupted)
	}
	if s.give(os.Interrupt) || s.Ended() != os.Interrupt {
		t.Errorf("after a second signal %v has ended the context, want the first", s.Ended())
	}
}

func TestSignalsThatAreTakenEndNothing(t *testing.T) {
	s := &Signals{done: make(chan struct{})}
	taken := s.Take()
	for range 2 * moreSignals { // more than wait for who has taken them
		if s.give(os.Interrupt) {
			t.Error("the context ends")
		}
	}
	if got := <-taken; got != os.Interrupt || s.Ended() != nil {
		t.Errorf("%v is handed on, and %v has ended the context", got, s.Ended())
	}
	var none *Signals
	if none.Take() != nil || none.Writer(io.Discard) != io.Discard {
		t.Error("without signals something is handed on")
	}
}
