package heap

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
)

// current is the setting of this process.
func current() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func TestTheLowestPercentageHolds(t *testing.T) {
	for _, c := range []struct {
		name   string
		gogc   string
		lowers []int
		want   uint64
	}{
		{"nothing reads much", "", nil, 100},
		{"one engine", "", []int{50}, 50},
		{"a lower one later", "", []int{50, 20}, 20},
		{"a higher one later", "", []int{20, 50}, 20},
		{"above the default", "", []int{200}, 100},
		{"the user has set GOGC", "300", []int{50, 20}, 100},
		{"the user has switched it off", "off", []int{50}, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer debug.SetGCPercent(debug.SetGCPercent(defaultPercent))
			l := New(c.gogc)
			for _, percent := range c.lowers {
				l.Lower(percent)
			}
			if got := current(); got != c.want {
				t.Errorf("the heap may grow by %d percent, want %d", got, c.want)
			}
		})
	}
}

// Engines that run at once leave the lowest of their percentages.
func TestEnginesAtOnceLeaveTheLowestPercentage(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(defaultPercent))
	l := New("")
	var engines sync.WaitGroup
	for percent := 99; percent >= 10; percent-- {
		engines.Go(func() { l.Lower(percent) })
	}
	engines.Wait()
	if got := current(); got != 10 {
		t.Errorf("the heap may grow by %d percent, want 10", got)
	}
}
