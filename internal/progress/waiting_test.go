package progress

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// showing returns a context with a Waiting, the Waiting, and what it has shown.
func showing(t *testing.T) (context.Context, *Waiting, func() []string) {
	t.Helper()
	var shown []string
	w := NewWaiting(func(words string, seconds int) { shown = append(shown, fmt.Sprintf("%s %d", words, seconds)) })
	return w.In(t.Context()), w, func() []string { synctest.Wait(); return shown }
}

func words(text string) func() string { return func() string { return text } }

func TestALongWaitIsShownUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, w, shown := showing(t)
		defer w.End()
		_, end := Begin(ctx, words("short"))
		time.Sleep(patience - 1)
		end()
		_, end = Begin(ctx, words("long"))
		time.Sleep(patience + refresh + 1)
		end()
		end()
		time.Sleep(10 * patience)
		if want := []string{"long 2", "long 3", " 0"}; !slices.Equal(shown(), want) {
			t.Errorf("shown %q, want %q", shown(), want)
		}
	})
}

// Attempts that fail again and again are one wait. It ends when there are no more.
func TestFailedAttemptsAreOneWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, w, shown := showing(t)
		defer w.End()
		for range 11 {
			end := Attempt(ctx, t, words("refused"))
			time.Sleep(50 * time.Millisecond)
			end(false)
			time.Sleep(200 * time.Millisecond)
		}
		if want := []string{"refused 2"}; !slices.Equal(shown(), want) {
			t.Errorf("shown %q, want %q", shown(), want)
		}
		time.Sleep(10 * linger)
		if all := shown(); all[len(all)-1] != " 0" || len(all) > 6 {
			t.Errorf("shown %q after the last attempt", all)
		}
	})
}

// A server that answers every request is not waited for, however many requests there are.
func TestAnswersEndAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, w, shown := showing(t)
		defer w.End()
		for range 30 {
			first, second := Attempt(ctx, t, words("asked")), Attempt(ctx, t, words("asked"))
			time.Sleep(500 * time.Millisecond)
			first(true)
			second(true)
		}
		if len(shown()) > 0 {
			t.Errorf("shown %q", shown())
		}
	})
}

func TestNothingIsShownAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, w, shown := showing(t)
		_, _ = Begin(ctx, words("first"))
		time.Sleep(patience)
		synctest.Wait()
		w.End()
		_, _ = Begin(ctx, words("second"))
		time.Sleep(10 * patience)
		if want := []string{"first 2", " 0"}; !slices.Equal(shown(), want) {
			t.Errorf("shown %q, want %q", shown(), want)
		}
		_, end := Begin(t.Context(), words("none"))
		end()
		Attempt((*Waiting)(nil).In(t.Context()), t, words("none"))(true)
		(*Waiting)(nil).End()
	})
}

func TestTheTextOfAWaitFitsItsLine(t *testing.T) {
	const words = "Waiting for http://etcd-1.example.com:2379: connection refused"
	for _, columns := range []int{120, 80, 40, 12, 1} {
		got := Text(words, 12, columns)
		if n := utf8.RuneCountInString(got); n > max(columns, len("... (12s)")) {
			t.Errorf("in %d columns: %q", columns, got)
		}
	}
	if got, want := Text("Compacting", 3, 80), "Compacting (3s)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A task with a number of items shows how many are done, and a long wait for a server
// within it shows its own reason.
func TestACounterShowsItsNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, w, shown := showing(t)
		defer w.End()
		working, keys := Count(ctx, "Reading keys")
		keys.Add(100)
		time.Sleep(patience + 1)
		keys.SetTotal(300)
		keys.Add(50)
		answered := Attempt(working, t, func() string { return "slow: " + WordsOf(working) })
		time.Sleep(patience + refresh)
		answered(true)
		keys.Add(150)
		time.Sleep(refresh)
		keys.End()
		want := []string{"Reading keys: 100 2", "Reading keys: 150 of 300, 50% 3", "slow: Reading keys: 150 of 300, 50% 2", " 0"}
		got := shown()
		for _, text := range want {
			if !slices.Contains(got, text) {
				t.Errorf("shown %q, which lacks %q", got, text)
			}
		}
		if !slices.Contains(got, "Reading keys: 300 of 300, 100% 6") {
			t.Errorf("shown %q, which lacks the end", got)
		}
	})
}
