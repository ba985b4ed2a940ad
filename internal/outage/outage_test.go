package outage

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// reported is an Outage that is reported after a second, and what it has reported.
func reported() (*Outage, func() []string) {
	var reported []string
	o := &Outage{
		Patience: time.Second,
		Overdue:  func(reason error) { reported = append(reported, reason.Error()) },
		Resumed:  func(after time.Duration) { reported = append(reported, "resumed after "+after.String()) },
	}
	return o, func() []string { return reported }
}

var errPassing = errors.New("passes")

func passing(err error) bool { return errors.Is(err, errPassing) }

func TestAnOutageIsReportedOnceAndItsEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, reported := reported()
		for range 30 {
			_ = o.Attempt(func() error {
				time.Sleep(90 * time.Millisecond)
				return errPassing
			}, passing)
			time.Sleep(10 * time.Millisecond)
		}
		_ = o.Attempt(func() error { return nil }, passing)
		_ = o.Attempt(func() error { return nil }, passing)
		want := []string{context.DeadlineExceeded.Error(), "resumed after 3s"}
		if got := reported(); !slices.Equal(got, want) {
			t.Errorf("reported %q, want %q", got, want)
		}
	})
}

// An attempt that does not end is reported while it lasts.
func TestAnAttemptWithoutEndIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, reported := reported()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		_ = o.Attempt(func() error {
			<-ctx.Done()
			synctest.Wait()
			if len(reported()) != 1 {
				t.Errorf("after %s reported %q", 1500*time.Millisecond, reported())
			}
			return errPassing
		}, passing)
	})
}

func TestTheReasonIsTheServersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, reported := reported()
		o.Failed(time.Now(), rpctypes.ErrNoLeader)
		o.Report() // it is not due yet
		time.Sleep(time.Second)
		o.Report()
		o.End()
		if got, want := reported(), []string{rpctypes.ErrNoLeader.Error(), "resumed after 1s"}; !slices.Equal(got, want) {
			t.Errorf("reported %q, want %q", got, want)
		}
	})
}

// An outage that is shorter, and an answer that is an error, are not reported.
func TestWhatIsNoOutageIsNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, reported := reported()
		for range 10 {
			_ = o.Attempt(func() error { return errPassing }, passing)
			time.Sleep(900 * time.Millisecond)
			_ = o.Attempt(func() error { return rpctypes.ErrPermissionDenied }, passing)
		}
		o.Begin()
		time.Sleep(900 * time.Millisecond)
		o.End()
		var none *Outage
		none.Begin()
		none.End()
		if err := none.Attempt(func() error { return errPassing }, passing); !errors.Is(err, errPassing) || none.Due() != nil {
			t.Error("a nil Outage does something")
		}
		if got := reported(); len(got) > 0 {
			t.Errorf("reported %q", got)
		}
	})
}
