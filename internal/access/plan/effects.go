package plan

import (
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
)

// Effect is what the plan means for a user: the keys that it can read or write
// after it and not before, and the other way round.
type Effect struct {
	User                  string
	Added, Deleted        bool
	BecomesRoot           bool // gains the role root
	StopsBeingRoot        bool
	NewPassword           bool // it is there, and gets another password: others may know that
	GainsRead, GainsWrite access.Set
	LosesRead, LosesWrite access.Set
}

// GainsAny says whether the user can do anything that it could not before.
func (e Effect) GainsAny() bool {
	return e.BecomesRoot || e.NewPassword || !e.GainsRead.IsEmpty() || !e.GainsWrite.IsEmpty()
}

// LosesAny says whether the user cannot do something any more.
func (e Effect) LosesAny() bool {
	return e.StopsBeingRoot || !e.LosesRead.IsEmpty() || !e.LosesWrite.IsEmpty()
}

// withPasswords adds to the effects those of the passwords that change.
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

// effects returns what going from before to after means for users.
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
