package harness

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// Output collects the output of a program so far, from one or more streams. It is safe
// for concurrent use.
type Output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	ended   bool
	changed chan struct{} // closed at the next change; nil if nothing waits for it
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.change()
	return o.text.Write(p)
}

// change wakes what waits for a change. The caller holds o.mu.
func (o *Output) change() {
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}

// String returns the whole output.
func (o *Output) String() string { return o.Since(0) }

// Len returns the position after the last byte.
func (o *Output) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Len()
}

// Since returns the output after a position.
func (o *Output) Since(from int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text.Bytes()[from:])
}

// End marks the output as complete.
func (o *Output) End() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.change()
	o.ended = true
}

// WaitFor waits for a text at or after a position, and returns the position after the
// text. It returns false if the output ends without the text, or after HangTimeout.
func (o *Output) WaitFor(text string, from int) (int, bool) {
	at := -1
	o.wait(func(all []byte) bool {
		at = bytes.Index(all[from:], []byte(text))
		return at >= 0
	})
	return from + at + len(text), at >= 0
}

// wait waits until holds returns true for the output, until the output ends, or until
// HangTimeout.
func (o *Output) wait(holds func(all []byte) bool) {
	for hang := time.After(HangTimeout); ; {
		o.mu.Lock()
		over := holds(o.text.Bytes()) || o.ended
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		changed := o.changed
		o.mu.Unlock()
		if over {
			return
		}
		select {
		case <-changed:
		case <-hang:
			return
		}
	}
}

// Contains reports whether the output contains a text.
func (o *Output) Contains(text string) bool { return strings.Contains(o.String(), text) }
