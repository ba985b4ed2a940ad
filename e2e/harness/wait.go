package harness

import (
	"testing"
	"time"
)

// Retry calls try until it returns an empty string. Use it for time limits of the
// program, such as the 300 ms of a completion, because a busy machine may exceed them.
// After the last attempt, it reports wrong as an error.
func Retry(t *testing.T, try func() (wrong string)) {
	t.Helper()
	const attempts, enough = 20, time.Minute
	var wrong string
	begin := time.Now()
	for i := 0; i < attempts || time.Since(begin) < enough; i++ {
		if wrong = try(); wrong == "" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error(wrong)
}

// HangTimeout is the timeout for operations that hang. No operation takes so long, even
// on a busy machine with a slow disk.
const HangTimeout = 5 * time.Minute

// WaitUntil waits until a condition holds. It fails the test after HangTimeout.
func WaitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(HangTimeout); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
