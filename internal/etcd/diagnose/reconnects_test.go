package diagnose

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestConnectionsThatEndEarlyArePausedBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r reconnects
		connect := func(address string) time.Duration {
			start := time.Now()
			if err := r.pause(t.Context(), address); err != nil {
				t.Fatal(err)
			}
			r.begin(address)
			return time.Since(start)
		}
		ms := time.Millisecond
		for i, want := range []time.Duration{0, 50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 1600 * ms} {
			if got := connect("a"); got != want {
				t.Errorf("connection %d: a pause of %s, want %s", i, got, want)
			}
		}
		if got := connect("b"); got != 0 {
			t.Errorf("another address: a pause of %s", got)
		}
		time.Sleep(earlyEnd + 1)
		if got := connect("a"); got != 0 {
			t.Errorf("after a connection that has lasted: a pause of %s", got)
		}
		time.Sleep(4 * time.Second)
		connect("a")
		if got := connect("a"); got != 50*ms {
			t.Errorf("the first one that ends early after a while: a pause of %s", got)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.pause(ended, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("when the context has ended: %v", err)
		}
	})
}
