// Package crash ends the program in order if it panics. It restores the terminal, prints
// one line, and exits with exit.Defect. Temporary files stay as after a kill, and the
// next run removes them.
//
// A panic can only be recovered in its own goroutine. So main defers Guard, and every
// goroutine of the program is started with Go, Guarded or a Group. A test checks the
// goroutines. Our code that a library calls in a goroutine of its own defers Guard
// itself.
//
// Two failures still end the program with Go's own trace and status 2. One is a panic of
// a library in its own goroutine. The other is a fatal error of Go's runtime, for example
// a lack of memory, which no program can recover.
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

// Process holds the means to end the program after a panic in any goroutine.
type Process struct {
	Err  io.Writer
	Exit func(code int)

	trace   atomic.Bool
	ended   sync.Mutex // locked by the first panic, and never unlocked
	mu      sync.Mutex
	undoing []*func()
}

// process is the process that Install has set. A goroutine that panics has no other way
// to find it. It is nil in tests, where panics stay as they are.
var process atomic.Pointer[Process] //nolint:gochecknoglobals // see above

// Install makes a panic in any goroutine end the process p.
func Install(p *Process) { process.Store(p) }

// Trace adds the stack trace to the message about a panic.
func Trace() {
	if p := process.Load(); p != nil {
		p.trace.Store(true)
	}
}

// Undo registers a function that is called if the program panics before done is called.
// The function may be called more than once. It restores state that outlives the program,
// for example a terminal without echo.
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

// Guarded returns f with Guard deferred. It is for a goroutine that other code starts,
// for example a WaitGroup, a timer or a context.
func Guarded(f func()) func() {
	return func() {
		defer Guard()
		f()
	}
}

// Guard ends the process if the goroutine panics. It must be deferred.
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
	p.ended.Lock() // a second panic waits here until the process exits
	p.undo()
	advice := "; --debug shows the trace"
	if p.trace.Load() {
		advice = ""
	}
	fmt.Fprintf(p.Err, "Error: this is a defect of the program: %s%s%s\n", describe(reason), place(), advice)
	if p.trace.Load() {
		_, _ = p.Err.Write(debug.Stack())
	}
	p.undo() // again: another goroutine may have changed the state meanwhile
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

// describe returns a description of a panic. The texts of the runtime contain only types
// and numbers. Other values may contain secrets, so only their types are returned.
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

// module is the prefix of the names of our functions.
const module = "github.com/ectl-io/ectl/"

// place returns the function and the line of ours that panicked, or "" if there is none.
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
