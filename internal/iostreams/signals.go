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

// ErrInterrupted reports that a signal cancelled the context. It is the cause of the
// context.
var ErrInterrupted = errors.New("interrupted")

// Signals receives the signals that end the program: SIGINT, SIGTERM, and SIGHUP, which a
// terminal sends when it closes. The first signal cancels the program's context. A second
// one ends the program. If the command captures the signals, it receives them instead.
type Signals struct {
	received           chan os.Signal
	terminationSignals []os.Signal
	cancel             context.CancelCauseFunc // cancels the context of the program

	mu        sync.Mutex
	captured  chan os.Signal
	nests     bool     // see Nest
	nested    *Signals // of the command line that runs inside, or nil
	missed    bool     // SIGINT came between two command lines
	postponed os.Signal
	ended     os.Signal
	done      chan struct{} // closed when ended is set and the context is cancelled
}

// moreSignals is the number of signals that are buffered for a busy command.
const moreSignals = 16

// terminationSignals returns the signals that end the program. SIGHUP is not one of them
// if the program was started to outlive its terminal, for example by nohup.
func terminationSignals() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}

// Notify returns a context, and the Signals that cancel it. It starts to receive the
// signals of the process.
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

// deliver passes a signal to the command, if the command has captured the signals.
// Otherwise the first signal cancels the context.
func (s *Signals) deliver(received os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.passOn(received) {
		return
	}
	if s.captured != nil {
		select {
		case s.captured <- received:
		default: // the buffer is full
		}
		return
	}
	if s.ended != nil {
		return
	}
	s.ended = received
	// After the reset a second signal kills the program, if it does not exit.
	if len(s.terminationSignals) > 0 {
		signal.Reset(s.terminationSignals...) // no arguments would reset all
	}
	s.cancel(ErrInterrupted)
	close(s.done)
}

// Capture returns a channel that receives all further signals. They no longer cancel the
// context. If s is nil, the channel is nil.
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

// Release ends Capture. Further signals cancel the context again.
func (s *Signals) Release() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.captured = nil
}

// Ended returns the signal that cancelled the context, or nil if none did.
func (s *Signals) Ended() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// unblocked is the time that a write may still take after a signal.
const unblocked = 100 * time.Millisecond

// Writer returns a writer to w. Its writes end soon after a signal, so the program can
// exit even if its output is not read. If s is nil, Writer returns w.
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

// transferred holds the results of a read or a write.
type transferred struct {
	n   int
	err error
}

// Write implements io.Writer. It returns ErrInterrupted if a signal ends the write. p may
// still be in use then.
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

// Reader returns a reader of r. Its reads end at a signal, so the program can exit while
// it waits for input. If s is nil, Reader returns r.
func (s *Signals) Reader(r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	return &interruptibleReader{from: r, signals: s}
}

type interruptibleReader struct {
	from    io.Reader
	signals *Signals
	block   []byte // not the caller's buffer: an abandoned read may still write to it
}

// maxRead is the maximum size of one read, in bytes.
const maxRead = 64 << 10

// Read implements io.Reader. It returns ErrInterrupted after a signal.
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
