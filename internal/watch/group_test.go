package watch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ectl-io/ectl/internal/outage"
)

// continued returns a part that continues a response.
func continued(p Part) Part {
	p.Continues = true
	return p
}

func TestAWatchKeepsTheOutputUntilItsResponseEnds(t *testing.T) {
	var output sync.Mutex
	turn := &turn{sink: &recorder{}, output: &output}
	for i, step := range []struct {
		do    func() error
		holds bool
	}{
		{func() error { return turn.Receive(happened(1)) }, false},
		{turn.Idle, false},
		{func() error { return turn.Receive(partly(2)) }, true},
		{turn.Idle, true},
		{func() error { turn.exclusively(func() {}); return nil }, true},
		{func() error { return turn.Receive(continued(partly(3))) }, true},
		{func() error { return turn.Receive(continued(happened(4))) }, false},
		{func() error { return turn.Receive(partly(5)) }, true},
		{func() error { turn.end(); return nil }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		free := output.TryLock()
		if free {
			output.Unlock()
		}
		if free == step.holds {
			t.Errorf("after step %d another watch can use the output: %v", i, free)
		}
	}
}

func TestAGroupEndsWithTheFirstErrorOfAWatch(t *testing.T) {
	group, ctx := NewGroup(t.Context())
	silent := &recorder{}
	for _, sink := range []*recorder{silent, {last: 7}} {
		server := &script{watches: [][]Part{{created(1), happened(7)}}}
		if sink == silent {
			server = &script{watches: [][]Part{{created(1)}}}
		}
		patience := &outage.Outage{Patience: time.Hour, Overdue: func(error) {}, Resumed: func(time.Duration) {}}
		group.Start(ctx, &Watch{Client: server, Outage: patience}, sink)
	}
	<-ctx.Done()
	group.End(context.Canceled)
	if cause := context.Cause(ctx); !errors.Is(cause, errLast) {
		t.Errorf("the watches end because of %v, want %v", cause, errLast)
	}
	free := false
	group.Exclusively(func() { free = true })
	if !free {
		t.Error("the output is not free")
	}
}

// whole is a sink that must not get parts of a response.
type whole struct {
	*recorder
	t *testing.T
}

func (w whole) Receive(p Part) error {
	if p.Fragment || p.Continues {
		w.t.Errorf("the part with %v has Fragment %v and Continues %v", p.Events, p.Fragment, p.Continues)
	}
	return w.recorder.Receive(p)
}

func TestSeparatePartsAreResponses(t *testing.T) {
	server := &script{watches: [][]Part{{
		created(0), partly(1, 2), continued(partly(3)), continued(progress(9)), progress(9), partly(10), continued(happened(11)),
	}}}
	sink := whole{&recorder{last: 11}, t}
	w := &Watch{Client: server, Outage: patient(), Separate: true}
	if err := w.Run(t.Context(), sink); !errors.Is(err, errLast) {
		t.Errorf("Run = %v", err)
	}
	if want := []string{"1", "2", "3", "progress 9", "10", "11"}; !slices.Equal(sink.seen, want) {
		t.Errorf("the sink has seen %v, want %v", sink.seen, want)
	}
}
