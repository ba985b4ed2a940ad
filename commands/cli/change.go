package cli

import (
	"errors"
	"slices"

	"github.com/ectl-io/ectl/output"
)

// Again is what --if-exists and --if-not-exists say of a command that may be
// run again.
type Again struct {
	Allowed bool    // the option was given
	Errors  []error // of the server that mean that there is nothing to do
	Reason  string  // why there is nothing to do then: "User bob exists"
}

// PrintChange prints the change that the server answered, or returns its error
// err. Where the change may be made again and had been made before, it says so
// on standard error.
func (f *Factory) PrintChange(change output.Change, err error, again Again) error {
	if again.Allowed {
		change = change.Idempotent()
		if slices.ContainsFunc(again.Errors, func(nothingToDo error) bool { return errors.Is(err, nothingToDo) }) {
			f.Say(again.Reason + ": unchanged")
			return f.Print(change.Unchanged())
		}
	}
	if err != nil {
		return err
	}
	return f.Print(change)
}
