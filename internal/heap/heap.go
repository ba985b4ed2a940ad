// Package heap limits the memory of commands that read large ranges.
//
// The garbage collector runs when the heap has grown by GOGC percent, by default 100.
// This suits short commands. While a large range is read, most of the heap is blocks that
// are soon garbage, and a lower percentage limits their memory. For short commands, it
// would cost a fifth of their CPU time. So main creates the one Limit of the process, and
// engines lower it when a large range begins.
package heap

import (
	"runtime/debug"
	"sync"
)

// Limit sets the garbage collection percentage of the process. It only lowers the
// percentage. Engines that run concurrently need the lowest of their percentages, and a
// command that has read a large range may read another one.
type Limit struct {
	mu      sync.Mutex
	percent int
	set     func(percent int) int
}

// defaultPercent is the percentage that the Go runtime uses by default.
const defaultPercent = 100

// New returns the Limit of a process. gogc is the value of its variable GOGC. If gogc is
// not empty, the user has chosen a percentage, and New returns nil.
func New(gogc string) *Limit {
	if gogc != "" {
		return nil
	}
	return &Limit{percent: defaultPercent, set: debug.SetGCPercent}
}

// Lower lets the heap grow by at most percent before the garbage collector runs. A nil
// Limit changes nothing.
func (l *Limit) Lower(percent int) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if percent < l.percent {
		l.percent = percent
		l.set(percent)
	}
}
