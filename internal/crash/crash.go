// Package crash ends the program in order if it panics. It restores the terminal, prints
// one line, and exits with exit.Defect. Temporary files stay as after a kill, and the
// next run removes them.
//
// A panic can only be recovered in its own goroutine. So every goroutine of the program
// is started with Go, Guarded or a Group, which a test checks, and main defers Guard. Our code
// that a library calls in a goroutine of its own defers Guard itself.
//
// Two failures still end the program with Go's own trace and status 2. One is a panic of
// a library in its own goroutine. The other is a fatal error of Go's runtime, such as a
// lack of memory: no program can recover it.
package crash

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ectl-io/ectl/internal/exit"
)

// Process is what a panic in any goroutine ends.
type Process struct {
	Err  io.Writer
	Exit func(code int)

	trace   atomic.Bool
	ended   sync.Mutex // locked by the first panic, for good
	mu      sync.Mutex
	undoing []*func()
}

// process is the one that the program runs in. A goroutine that panics has
// nothing else to find it by. It is nil in tests, where panics stay as they are.
var process atomic.Pointer[Process] //nolint:gochecknoglobals // see above

// Install makes panics end the process.
func Install(p *Process) { process.Store(p) }

// Trace makes the end by a panic show where all came from.
func Trace() {
	if p := process.Load(); p != nil {
		p.trace.Store(true)
	}
}

// Undo has a function called if the program panics before done is called, maybe
// more than once. It is for what outlives the program: a terminal without echo.
func Undo(f func()) (done func()) {
	p := process.Load()
	if p == nil {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	entry := &f
	p.undoing = append(p.undoing, entry)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.undoing = slices.DeleteFunc(p.undoing, func(other *func()) bool { return other == entry })
	}
}

// Go runs f in a goroutine.
func Go(f func()) { go Guarded(f)() }

// Guarded returns f for a goroutine that something else begins: a WaitGroup, a
// timer, a context.
func Guarded(f func()) func() {
	return func() {
		defer Guard()
		f()
	}
}

// Guard is deferred. If the goroutine panics, it ends the process.
func Guard() {
	p := process.Load()
	if p == nil {
		return
	}
	if reason := recover(); reason != nil {
		p.end(reason)
	}
}

func (p *Process) end(reason any) {
	p.ended.Lock() // a second panic waits here for the end
	p.undo()
	advice := "; --debug shows the trace"
	if p.trace.Load() {
		advice = ""
	}
	fmt.Fprintf(p.Err, "Error: this is a defect of the program: %s%s%s\n", describe(reason), place(), advice)
	if p.trace.Load() {
		_, _ = p.Err.Write(debug.Stack())
	}
	p.undo() // again: a goroutine may have been about to change it
	p.Exit(int(exit.Defect))
}

func (p *Process) undo() {
	p.mu.Lock()
	undoing := slices.Clone(p.undoing)
	p.mu.Unlock()
	for _, undo := range slices.Backward(undoing) {
		(*undo)()
	}
}

// describe says what a panic is about. The runtime's own texts have types and
// numbers in them; others may have anything, a secret too.
func describe(reason any) string {
	err, ok := reason.(error)
	if !ok {
		return fmt.Sprintf("panic of a %T", reason)
	}
	if known, ok := errors.AsType[runtime.Error](err); ok {
		return strings.Trim(strconv.Quote(strings.TrimPrefix(known.Error(), "runtime error: ")), `"`)
	}
	return fmt.Sprintf("panic of a %T", reason)
}

// module is the beginning of the names of our functions.
const module = "github.com/ectl-io/ectl/"

// place says which line of ours has panicked.
func place() string {
	const maxFrames = 64
	callers := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	panicked := false
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" {
			panicked = true
		}
		if name, ours := strings.CutPrefix(frame.Function, module); panicked && ours {
			return fmt.Sprintf(" (%s, line %d)", name, frame.Line)
		}
		if !more {
			return ""
		}
	}
}
