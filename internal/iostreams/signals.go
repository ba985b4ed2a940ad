package iostreams

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
)

// ErrInterrupted is the cause of a context that a signal ended.
var ErrInterrupted = errors.New("interrupted")

// Signals are the signals that ask the program to end: SIGINT, SIGTERM and
// SIGHUP, which a terminal sends when it closes. The first one ends the program's
// context, and a second one the program, unless the command captures them.
type Signals struct {
	received           chan os.Signal
	terminationSignals []os.Signal
	cancel             context.CancelCauseFunc // of the context that they end

	mu       sync.Mutex
	captured chan os.Signal
	ended    os.Signal
	done     chan struct{} // closed when ended is known and the context has ended
}

// moreSignals is how many signals wait for a command that is busy.
const moreSignals = 16

// terminationSignals returns the signals that ask the program to end. SIGHUP is not one of
// them if the program was started to outlive its terminal, for example by nohup.
func terminationSignals() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}

// Notify returns the signals of the process and the context that they end.
func Notify(ctx context.Context) (context.Context, *Signals) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &Signals{received: make(chan os.Signal, moreSignals), terminationSignals: terminationSignals(), cancel: cancel, done: make(chan struct{})}
	signal.Notify(s.received, s.terminationSignals...)
	crash.Go(func() {
		for received := range s.received {
			s.deliver(received)
		}
	})
	return ctx, s
}

// deliver passes a signal to the command that captured the signals. Otherwise the first one
// ends the context.
func (s *Signals) deliver(received os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.captured != nil {
		select {
		case s.captured <- received:
		default: // it does not listen
		}
		return
	}
	if s.ended != nil {
		return
	}
	s.ended = received
	// A second signal ends a program that does not end by itself.
	if len(s.terminationSignals) > 0 {
		signal.Reset(s.terminationSignals...) // of none it would be all
	}
	s.cancel(ErrInterrupted)
	close(s.done)
}

// Capture passes all further signals to the caller, which decides what they mean. The
// context no longer ends with them. A nil s has none.
func (s *Signals) Capture() <-chan os.Signal {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.captured == nil {
		s.captured = make(chan os.Signal, moreSignals)
	}
	return s.captured
}

// Ended returns the signal that ended the context, nil where none did.
func (s *Signals) Ended() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// unblocked is how long a write may still take after a signal.
const unblocked = 100 * time.Millisecond

// Writer returns w, whose writes end soon after the context: a program that
// nobody reads the output of has to end, too. A nil s returns w.
func (s *Signals) Writer(w io.Writer) io.Writer {
	if s == nil {
		return w
	}
	return interruptible{w, s}
}

type interruptible struct {
	io.Writer
	signals *Signals
}

// transferred is what a read or a write returns.
type transferred struct {
	n   int
	err error
}

// Write implements io.Writer. After ErrInterrupted p may still be read.
func (w interruptible) Write(p []byte) (int, error) {
	result := make(chan transferred, 1)
	crash.Go(func() {
		n, err := w.Writer.Write(p)
		result <- transferred{n, err}
	})
	select {
	case r := <-result:
		return r.n, r.err
	case <-w.signals.done:
	}
	select {
	case r := <-result:
		return r.n, r.err
	case <-time.After(unblocked):
		return 0, ErrInterrupted
	}
}

// Reader returns r, whose reads end with the context: a program that waits for
// somebody to type has to end, too. A nil s returns r.
func (s *Signals) Reader(r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	return &interruptibleReader{from: r, signals: s}
}

type interruptibleReader struct {
	from    io.Reader
	signals *Signals
	block   []byte // what is read into: a read that was given up may still end
}

// maxRead is what one read takes at most, in bytes.
const maxRead = 64 << 10

// Read implements io.Reader.
func (r *interruptibleReader) Read(p []byte) (int, error) {
	if r.signals.Ended() != nil {
		return 0, ErrInterrupted
	}
	if size := min(len(p), maxRead); len(r.block) < size {
		r.block = make([]byte, size)
	}
	block, result := r.block[:min(len(p), len(r.block))], make(chan transferred, 1)
	crash.Go(func() {
		n, err := r.from.Read(block)
		result <- transferred{n, err}
	})
	select {
	case t := <-result:
		return copy(p, block[:t.n]), t.err
	case <-r.signals.done:
		return 0, ErrInterrupted
	}
}
