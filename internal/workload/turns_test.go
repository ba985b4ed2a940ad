package workload

import (
	"context"
	"testing"
	"time"
)

// The turns come at the requested rate, and a turn that is not taken is not
// made up for.
func TestTurnsArePaced(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	turns := Paced(ctx, 1000, 1)
	for range 200 {
		<-turns
	}
	if took := time.Since(start); took < 150*time.Millisecond {
		t.Errorf("200 turns of 1000 a second came in %s", took)
	}
	cancel()
	left := 0
	for range turns {
		left++
	}
	if left > 2 {
		t.Errorf("%d turns were waiting", left)
	}
}

func TestTurnsAreCounted(t *testing.T) {
	n := 0
	for range Counted(t.Context(), 7) {
		n++
	}
	if n != 7 {
		t.Errorf("%d turns, want 7", n)
	}
}
