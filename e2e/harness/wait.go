package harness

import (
	"testing"
	"time"
)

// Retry calls try until it finds nothing wrong: a machine that is busy with
// other things may keep a completion from its 300 ms, whose silence is then right,
// or a program from a time that it has.
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

// HangTimeout ends what would never end. No machine is so slow, however busy it and its
// disk are: what takes time is waited for by what it does.
const HangTimeout = 5 * time.Minute

// WaitUntil waits until a condition holds, for as long as a busy machine may take.
func WaitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(HangTimeout); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
