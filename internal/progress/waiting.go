package progress

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ectl-io/ectl/internal/crash"
)

const (
	// patience is how long something may take until the terminal shows it.
	patience = 2 * time.Second
	// refresh is the time between two updates of what the terminal shows.
	refresh = time.Second
	// linger is how long a failed attempt counts as a wait, because another one may follow.
	linger = 2 * time.Second
)

// Waiting shows what a command waits for, if that takes longer than patience. A context
// carries it to the requests of the command. The functions of this package do nothing if
// a context has none.
type Waiting struct {
	show func(words string, seconds int) // seconds is 0 if there is nothing to show

	mu    sync.Mutex
	waits []*wait
	timer *time.Timer
	shown bool
	ended bool
}

// wait is one thing that a command waits for.
type wait struct {
	key     any // of attempts, or nil
	words   func() string
	since   time.Time
	pending int       // attempts
	failed  time.Time // the last attempt
}

// NewWaiting returns a Waiting that shows its words with show.
func NewWaiting(show func(words string, seconds int)) *Waiting { return &Waiting{show: show} }

type waitingKey struct{}

// In returns a context that carries w. If w is nil, it carries none.
func (w *Waiting) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, waitingKey{}, w)
}

func waitingOf(ctx context.Context) *Waiting {
	w, _ := ctx.Value(waitingKey{}).(*Waiting)
	return w
}

// CarryTo returns to with the Waiting of from.
func CarryTo(to, from context.Context) context.Context { return waitingOf(from).In(to) }

// Begin notes that something begins that may take long. words describes it, and may be
// called at any time until end. The requests of the returned context are described by the
// same words while their responses are waited for. Only the first call of end has an
// effect.
func Begin(ctx context.Context, words func() string) (working context.Context, end func()) {
	w := waitingOf(ctx)
	if w == nil {
		return ctx, func() {}
	}
	done := w.begin(nil, words)
	return context.WithValue(ctx, wordsKey{}, words), sync.OnceFunc(func() { done(true) })
}

type wordsKey struct{}

// WordsOf returns the words of Begin that describe the requests of ctx, or an empty
// string.
func WordsOf(ctx context.Context) string {
	if words, ok := ctx.Value(wordsKey{}).(func() string); ok {
		return words()
	}
	return ""
}

// Attempt notes that one of several attempts begins, for example of a request. Those with
// the same key are one wait. It ends with a successful attempt, or when no other follows a
// failed one.
func Attempt(ctx context.Context, key any, words func() string) (end func(succeeded bool)) {
	w := waitingOf(ctx)
	if w == nil {
		return func(bool) {}
	}
	return w.begin(key, words)
}

func (w *Waiting) begin(key any, words func() string) (end func(succeeded bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.IndexFunc(w.waits, func(other *wait) bool { return key != nil && other.key == key })
	if at < 0 {
		w.waits, at = append(w.waits, &wait{key: key, since: time.Now()}), len(w.waits)
	}
	one := w.waits[at]
	one.words = words
	one.pending++
	if w.timer == nil && !w.ended {
		w.timer = time.AfterFunc(patience, crash.Guarded(w.update))
	}
	return func(succeeded bool) { w.end(one, succeeded) }
}

func (w *Waiting) end(one *wait, succeeded bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one.pending--
	if !succeeded {
		one.failed = time.Now()
		return
	}
	one.since = time.Now()
	if one.pending == 0 {
		w.waits = slices.DeleteFunc(w.waits, func(other *wait) bool { return other == one })
	}
	if len(w.waits) == 0 {
		w.hide()
	}
}

// update shows the longest wait, or nothing if none is long enough.
func (w *Waiting) update() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	now := time.Now()
	w.waits = slices.DeleteFunc(w.waits, func(one *wait) bool {
		return one.pending == 0 && now.Sub(one.failed) > linger
	})
	if len(w.waits) == 0 {
		w.hide()
		w.timer = nil
		return
	}
	longest := w.longest(now)
	lasts := now.Sub(longest.since)
	if lasts < patience {
		w.hide()
		w.timer.Reset(patience - lasts)
		return
	}
	w.shown = true
	w.show(longest.words(), int(lasts.Seconds()))
	w.timer.Reset(refresh)
}

// longest returns the wait that began first. A long wait for attempts precedes, because it
// explains the others. There is at least one wait.
func (w *Waiting) longest(now time.Time) *wait {
	return slices.MinFunc(w.waits, func(a, b *wait) int {
		if longA, longB := a.key != nil && now.Sub(a.since) >= patience, b.key != nil && now.Sub(b.since) >= patience; longA != longB {
			if longA {
				return -1
			}
			return 1
		}
		return a.since.Compare(b.since)
	})
}

func (w *Waiting) hide() {
	if w.shown {
		w.shown = false
		w.show("", 0)
	}
}

// End removes what is shown. Nothing is shown afterwards.
func (w *Waiting) End() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.hide()
}

// Text returns a line of at most so many columns that shows words and seconds.
func Text(words string, seconds, columns int) string {
	tail := fmt.Sprintf(" (%ds)", seconds)
	if room := columns - len(tail); len([]rune(words)) > room {
		const cutOff = "..."
		words = string([]rune(words)[:max(room-len(cutOff), 0)]) + cutOff
	}
	return words + tail
}
