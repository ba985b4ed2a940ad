package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/visible"
	"github.com/ectl-io/ectl/output"
)

// ErrorFormat is the form of an error on standard error. It is a value of a flag.
type ErrorFormat string

// The forms.
const (
	errorText ErrorFormat = "text"
	errorJSON ErrorFormat = "json" // one object a line
)

// FlagErrorFormat is the flag of the form of errors.
const FlagErrorFormat = "error-format"

// ErrorFormats returns all forms.
func ErrorFormats() []string { return []string{string(errorText), string(errorJSON)} }

// Set implements pflag.Value.
func (e *ErrorFormat) Set(text string) error {
	if !slices.Contains(ErrorFormats(), text) {
		return fmt.Errorf("want %s", strings.Join(ErrorFormats(), " or "))
	}
	*e = ErrorFormat(text)
	return nil
}

// String implements pflag.Value.
func (e *ErrorFormat) String() string { return string(*e) }

// Type implements pflag.Value.
func (*ErrorFormat) Type() string { return "string" }

// SayError prints an error on standard error, in the form of --error-format. Its text
// often comes from a server.
func (f *Factory) SayError(err error) {
	if f.errorsAs() != errorJSON {
		f.SayMistake(err)
		return
	}
	object := output.Object{{Name: "error", Value: f.HideLogins(err.Error())}, {Name: "kind", Value: kindOf(err)}, {Name: "status", Value: int64(exit.CodeOf(err))}}
	text, failed := object.MarshalJSON()
	if failed != nil { // no value of it can fail
		f.SayMistake(err)
		return
	}
	fmt.Fprintf(f.said, "%s\n", visible.JSON(text))
}

// SayMistake prints an error as a line, also if it is not the error of the command.
func (f *Factory) SayMistake(err error) {
	fmt.Fprintln(f.said, f.onStderr().Paint(colour.Bad, "Error:")+" "+f.HideLogins(visible.Error(err)))
}

// errorsAs returns the form of errors. It also heeds the variable, and a flag that follows
// the mistake, for errors of the command line.
func (f *Factory) errorsAs() ErrorFormat {
	if f.errorFormat != errorText || f.globals != nil && f.globals.Changed(FlagErrorFormat) {
		return f.errorFormat
	}
	if value, _ := f.Streams.LookupEnv(Variable(FlagErrorFormat)); value == string(errorJSON) {
		return errorJSON
	}
	flag := "--" + FlagErrorFormat
	for i, word := range f.Line {
		switch {
		case word == "--":
			return errorText
		case word == flag+"="+string(errorJSON), word == flag && i+1 < len(f.Line) && f.Line[i+1] == string(errorJSON):
			return errorJSON
		}
	}
	return errorText
}

// kindOf names the kind of an error, for programs. docs/compatibility.md lists the names.
func kindOf(err error) string {
	if kind := diagnose.Kind(err); kind != "" {
		return kind
	}
	switch exit.CodeOf(err) {
	case exit.BadConnection:
		return "no_connection"
	case exit.InvalidInput:
		return "invalid_input"
	case exit.BadFeature:
		return "unsupported"
	case exit.Cancelled:
		return "cancelled"
	case exit.IO:
		return "io"
	case exit.BadArgs:
		return "bad_arguments"
	case exit.Success, exit.Error, exit.Defect:
	}
	return "error"
}
