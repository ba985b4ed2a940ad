package cli

import (
	"errors"
	"slices"

	"github.com/ectl-io/ectl/output"
)

// Idempotent describes --if-exists or --if-not-exists of a command that can be
// repeated.
type Idempotent struct {
	Enabled    bool    // the option was given
	NoOpErrors []error // errors of the server that mean that nothing needs to be done
	Message    string  // why nothing needs to be done, for example "User bob exists"
}

// PrintChange prints the result of a change, or returns its error err. If the change is
// idempotent and was already made, it reports this on standard error.
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
