package harness

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// Output is what a program has written so far, to one stream or more. Its methods
// may be called from several goroutines.
type Output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ended bool
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String is all of it.
func (o *Output) String() string { return o.Since(0) }

// Len is the position after the last byte.
func (o *Output) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Len()
}

// Since is what was written after a position.
func (o *Output) Since(from int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text.Bytes()[from:])
}

// End states that nothing will be added.
func (o *Output) End() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
}

// WaitFor waits for a text at or after a position, and returns the position after
// it. It returns false if the output ends without it, or after HangTimeout.
func (o *Output) WaitFor(text string, from int) (int, bool) {
	at := -1
	o.wait(func(all []byte) bool {
		at = bytes.Index(all[from:], []byte(text))
		return at >= 0
	})
	return from + at + len(text), at >= 0
}

// wait waits until a condition of the output holds or the output has ended.
func (o *Output) wait(holds func(all []byte) bool) {
	for deadline := time.Now().Add(HangTimeout); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		o.mu.Lock()
		held, ended := holds(o.text.Bytes()), o.ended
		o.mu.Unlock()
		if held || ended {
			return
		}
	}
}

// Contains reports whether a text was written.
func (o *Output) Contains(text string) bool { return strings.Contains(o.String(), text) }
