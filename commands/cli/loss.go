package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/quantity"
)

// Explains reports whether a person reads messages, so that a command explains what it
// has taken away.
func (f *Factory) Explains() bool { return f.Streams.ErrIsTerminal && !f.Quiet }

// AccessBefore reads the users and roles before a change that takes something away, for
// SayLost. known is false if standard error is no terminal, or if the user may not read
// all users and roles.
func (f *Factory) AccessBefore(ctx context.Context) (before access.State, known bool) {
	if !f.Explains() {
		return before, false
	}
	snapshot, err := reader.ReadAs(ctx, f.Session)
	return snapshot.State, err == nil
}

// maxLost is the maximum number of users, and of commands, that SayLost lists.
const maxLost = 20

// SayLost prints who has lost which access by a change, and the commands that take the
// change back. It prints nothing if the change had no effect.
func (f *Factory) SayLost(before, after access.State) {
	restore := plan.Restore(before, after)
	if len(restore) == 0 {
		return
	}
	f.restore = restore
	// The result is printed before the note about it.
	if err := f.printer.Flush(); err != nil {
		return // reported at the end
	}
	f.sayEffects(plan.EffectsOf(before, after))
	f.Say("To take it back:")
	for _, step := range restore[:min(len(restore), maxLost)] {
		f.Say("    " + f.StepLine(step))
	}
	if more := len(restore) - maxLost; more > 0 {
		f.Say("    and " + quantity.Of(more, "more command"))
	}
}

func (f *Factory) sayEffects(effects []plan.Effect) {
	n := 0
	for _, e := range effects {
		if !e.LosesAny() {
			continue
		}
		if n++; n <= maxLost {
			f.Say(fmt.Sprintf("User %s loses: %s", e.User, lost(e)))
		}
	}
	switch {
	case n == 0:
		f.Say("No user loses access.")
	case n > maxLost:
		f.Say("and " + quantity.Of(n-maxLost, "more user"))
	}
}

// lost describes what a user loses.
func lost(e plan.Effect) string {
	if e.StopsBeingRoot {
		return "the role root, which allows everything"
	}
	var parts []string
	both := e.LosesRead.Intersection(e.LosesWrite)
	for _, keys := range []struct {
		access string
		access.Set
	}{{"read and write ", both}, {"read ", e.LosesRead.Difference(both)}, {"write ", e.LosesWrite.Difference(both)}} {
		if !keys.IsEmpty() {
			parts = append(parts, keys.access+keys.String())
		}
	}
	return strings.Join(parts, "; ")
}
