package iostreams

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// newSignals are signals that no process gets, and the context that they end.
func newSignals(t *testing.T) (*Signals, context.Context) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	return &Signals{cancel: cancel, done: make(chan struct{})}, ctx
}

func TestAReadWithoutAWriterEndsWithASignal(t *testing.T) {
	s, ctx := newSignals(t)
	reader, writer := io.Pipe()
	defer writer.Close()
	in, failed := s.Reader(reader), make(chan error)
	go func() {
		_, err := io.ReadAll(in)
		if ctx.Err() == nil {
			t.Error("the read has ended, and the context has not")
		}
		failed <- err
	}()
	_, _ = writer.Write([]byte("typed"))
	s.deliver(os.Interrupt)
	if err := <-failed; !errors.Is(err, ErrInterrupted) {
		t.Errorf("the read ends with %v, want %v", err, ErrInterrupted)
	}
	if n, err := in.Read(make([]byte, 1)); n != 0 || !errors.Is(err, ErrInterrupted) {
		t.Errorf("a later read ends with %d bytes, %v, want %v", n, err, ErrInterrupted)
	}
}

func TestAllIsReadThatIsThere(t *testing.T) {
	s, _ := newSignals(t)
	want := bytes.Repeat([]byte("0123456789\n"), maxRead)
	got, err := io.ReadAll(s.Reader(bytes.NewReader(want)))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("of %d bytes %d are read (%v)", len(want), len(got), err)
	}
}

func TestAWriteWithoutAReaderEndsWithASignal(t *testing.T) {
	s, ctx := newSignals(t)
	reader, writer := io.Pipe()
	defer reader.Close()
	failed := make(chan error)
	go func() {
		_, err := s.Writer(writer).Write([]byte("read by nobody"))
		failed <- err
	}()
	s.deliver(os.Interrupt)
	if err := <-failed; !errors.Is(err, ErrInterrupted) {
		t.Errorf("the write ends with %v, want %v", err, ErrInterrupted)
	}
	if !errors.Is(context.Cause(ctx), ErrInterrupted) {
		t.Errorf("no one captured the signals, and the context has ended with %v", context.Cause(ctx))
	}
	if s.deliver(syscall.SIGTERM); s.Ended() != os.Interrupt {
		t.Errorf("after a second signal %v has ended the context, want the first", s.Ended())
	}
}

func TestSignalsThatAreTakenEndNothing(t *testing.T) {
	s, ctx := newSignals(t)
	captured := s.Capture()
	for range 2 * moreSignals { // more than wait for who has captured them
		s.deliver(os.Interrupt)
	}
	if ctx.Err() != nil {
		t.Error("the context ends")
	}
	if got := <-captured; got != os.Interrupt || s.Ended() != nil {
		t.Errorf("%v is handed on, and %v has ended the context", got, s.Ended())
	}
	var none *Signals
	if none.Capture() != nil || none.Writer(io.Discard) != io.Discard || none.Reader(os.Stdin) != os.Stdin {
		t.Error("without signals something is handed on")
	}
}
