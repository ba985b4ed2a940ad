package plan

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// Effect describes the effect of the plan on a user. It contains the keys that the
// user can newly read or write, and those that it no longer can.
type Effect struct {
	User                  string
	Added, Deleted        bool
	BecomesRoot           bool // gains the role root
	StopsBeingRoot        bool
	NewPassword           bool // changes for an existing user; others may know it
	GainsRead, GainsWrite access.Set
	LosesRead, LosesWrite access.Set
}

// GainsAny reports whether the user gains a permission, or gets a new password.
func (e Effect) GainsAny() bool {
	return e.BecomesRoot || e.NewPassword || !e.GainsRead.IsEmpty() || !e.GainsWrite.IsEmpty()
}

// LosesAny reports whether the user loses a permission.
func (e Effect) LosesAny() bool {
	return e.StopsBeingRoot || !e.LosesRead.IsEmpty() || !e.LosesWrite.IsEmpty()
}

// withPasswords adds the changes of passwords to the effects.
func withPasswords(all []Effect, differences []Difference) []Effect {
	byName := func(e Effect, name string) int { return strings.Compare(e.User, name) }
	for _, d := range differences {
		if d.Subject != Password {
			continue
		}
		at, found := slices.BinarySearchFunc(all, d.User, byName)
		if !found {
			all = slices.Insert(all, at, Effect{User: d.User})
		}
		all[at].NewPassword = true
	}
	return all
}

// effects returns the effects on users of the change from before to after.
func effects(before, after access.State) []Effect {
	var all []Effect
	olds, nows := before.Decider(), after.Decider()
	known := map[[2]string]Effect{}
	for _, name := range names(before.Users, after.Users) {
		_, there := before.Users[name]
		_, stays := after.Users[name]
		like := [2]string{olds.Like(name), nows.Like(name)}
		e, found := known[like]
		if !found {
			old, now := olds.Effective(name), nows.Effective(name)
			e = Effect{
				BecomesRoot: now.Root && !old.Root, StopsBeingRoot: old.Root && !now.Root,
				GainsRead: now.Read.Difference(old.Read), GainsWrite: now.Write.Difference(old.Write),
				LosesRead: old.Read.Difference(now.Read), LosesWrite: old.Write.Difference(now.Write),
			}
			known[like] = e
		}
		e.User, e.Added, e.Deleted = name, !there, !stays
		if e.GainsAny() || e.LosesAny() {
			all = append(all, e)
		}
	}
	return all
}
