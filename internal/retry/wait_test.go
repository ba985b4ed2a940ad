package retry

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestPausesDoubleUpToTheLongest(t *testing.T) {
	ms := time.Millisecond
	for name, test := range map[string]struct {
		backoff Backoff
		want    []time.Duration
	}{
		"growing":         {Backoff{Min: 50 * ms, Max: 300 * ms}, []time.Duration{50 * ms, 100 * ms, 200 * ms, 300 * ms, 300 * ms}},
		"always the same": {Backoff{Min: 50 * ms}, []time.Duration{50 * ms, 50 * ms, 50 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []time.Duration
			for range test.want {
				got = append(got, test.backoff.Next())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("the pauses are %v, want %v", got, test.want)
			}
			test.backoff.Reset()
			if pause := test.backoff.Next(); pause != test.want[0] {
				t.Errorf("after Reset the pause is %s", pause)
			}
		})
	}
	if pause := (&Backoff{Min: ms, Max: time.Hour}).After(1000); pause != time.Hour {
		t.Errorf("after 1000 pauses the next is %s", pause)
	}
}

var (
	errSoon  = errors.New("soon")
	errNever = errors.New("never")
)

func again(err error) bool { return errors.Is(err, errSoon) }

func TestDoTriesAgainAsItsPolicySays(t *testing.T) {
	for name, test := range map[string]struct {
		policy   Policy
		fails    []error // of the attempts; then they succeed
		attempts int
		err      error
		took     time.Duration
	}{
		"success at once":     {Policy{Again: again}, nil, 1, nil, 0},
		"success later":       {Policy{Backoff: Backoff{Min: 1 * time.Second, Max: 2 * time.Second}, Again: again}, []error{errSoon, errSoon, errSoon}, 4, nil, 5 * time.Second},
		"an error that stays": {Policy{Backoff: Backoff{Min: time.Second}, Again: again}, []error{errSoon, errNever}, 2, errNever, time.Second},
		"for too long":        {Policy{Backoff: Backoff{Min: time.Second}, Again: again, For: 1500 * time.Millisecond}, slices.Repeat([]error{errSoon}, 9), 3, errSoon, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, attempts := time.Now(), 0
				result, err := Do(t.Context(), test.policy, func(context.Context) (int, error) {
					attempts++
					if attempts <= len(test.fails) {
						return 0, test.fails[attempts-1]
					}
					return 7, nil
				})
				if attempts != test.attempts || !errors.Is(err, test.err) || (err == nil) != (result == 7) || time.Since(began) != test.took {
					t.Errorf("%d attempts in %s give %d, %v; want %d in %s and %v", attempts, time.Since(began), result, err, test.attempts, test.took, test.err)
				}
			})
		})
	}
}

func TestDoEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	attempts := 0
	_, err := Do(ctx, Policy{Backoff: Backoff{Min: time.Hour}, Again: again}, func(context.Context) (struct{}, error) {
		attempts++
		cancel()
		return struct{}{}, errSoon
	})
	if attempts != 1 || !errors.Is(err, errSoon) {
		t.Errorf("when the context ends, %d attempts give %v, want the error of the first", attempts, err)
	}
}

func TestWaitReturnsTheCauseOfTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errNever)
	if err := Wait(ctx, time.Hour); !errors.Is(err, errNever) {
		t.Errorf("a wait that ends early returns %v, want the cause", err)
	}
	if err := Wait(t.Context(), 0); err != nil {
		t.Errorf("no wait returns %v", err)
	}
}

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		var at []time.Duration
		start, over := time.Now(), errors.New("over")
		err := Every(ctx, time.Second, func(context.Context) error {
			at = append(at, time.Since(start))
			if len(at) == 3 {
				return over
			}
			return nil
		})
		if want := []time.Duration{0, time.Second, 2 * time.Second}; !errors.Is(err, over) || !slices.Equal(at, want) {
			t.Errorf("%v, called at %v; want %v", err, at, want)
		}
		interrupted := errors.New("interrupted")
		cancel(interrupted)
		if err := Every(ctx, time.Second, func(context.Context) error { return over }); !errors.Is(err, interrupted) {
			t.Errorf("%v, want the cause of the context", err)
		}
	})
}
