package cli

import (
	"errors"
	"slices"

	"github.com/ectl-io/ectl/output"
)

// Idempotent is what --if-exists and --if-not-exists say of a command that may be
// run again.
type Idempotent struct {
	Enabled    bool    // the option was given
	NoOpErrors []error // of the server that mean that there is nothing to do
	Message    string  // why there is nothing to do then: "User bob exists"
}

// PrintChange prints the change that the server answered, or returns its error
// err. Where the change may be made again and had been made before, it says so
// on standard error.
func (f *Factory) PrintChange(change output.Change, err error, idempotent Idempotent) error {
	if idempotent.Enabled {
		change = change.Idempotent()
		if slices.ContainsFunc(idempotent.NoOpErrors, func(nothingToDo error) bool { return errors.Is(err, nothingToDo) }) {
			f.Say(idempotent.Message + ": unchanged")
			return f.Print(change.Unchanged())
		}
	}
	if err != nil {
		return err
	}
	return f.Print(change)
}
