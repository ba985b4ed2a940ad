package commands

import (
	"io"
	"slices"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// writeFailure writes what ndjson has for an inner command line that failed: the members of
// line, which say which one it is, the error and the exit status.
func writeFailure(w io.Writer, line output.Object, err error) error {
	object := slices.Concat(line, output.Object{{Name: "error", Value: err.Error()}, {Name: "status", Value: int64(exit.CodeOf(err))}})
	return writeObject(w, object)
}

// writeObject writes an object as a line of ndjson.
func writeObject(w io.Writer, object output.Object) error {
	text, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
