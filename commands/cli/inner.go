package cli

import (
	"bytes"
	"fmt"
	"io"

	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/session"
)

// Inner describes a command line that another command runs, for example a line of a
// script.
type Inner struct {
	Number      int // of the line in a script, or 0
	Words       []string
	Streams     *iostreams.Streams
	Prompter    *prompt.Prompter
	Connections *session.Connections
	Consent     Consent // before something is destroyed
}

// Inner returns the Factory of a command line that the command of f runs. The global
// options of f hold for it, unless the line sets them. An identity on the line replaces
// that of f as a whole. Variables of the environment do not count again.
func (f *Factory) Inner(line Inner) *Factory {
	inner := NewFactory(f.Program, line.Streams)
	inner.Line, inner.Heap, inner.outer, inner.number, inner.Execute = line.Words, f.Heap, f, line.Number, f.Execute
	inner.Prompter, inner.consent = line.Prompter, line.Consent
	inner.Session = session.New(inner.Prompter, inner.Warn)
	line.Connections.Share(inner.Session)
	return inner
}

// IsInner reports whether another command runs the command line of f.
func (f *Factory) IsInner() bool { return f.outer != nil }

// InScript reports whether the command line of f is a line of a script.
func (f *Factory) InScript() bool { return f.number > 0 }

// inherit takes over the global options of the outer command line.
func (f *Factory) inherit() {
	f.Connection.Inherit(&f.outer.Connection)
	f.Format, f.Hex, f.Quiet = f.outer.Format, f.outer.Hex, f.outer.Quiet
	f.colours, f.errorFormat = f.outer.colours, f.outer.errorFormat
}

// numberedWriter adds the member "line" to each object of ndjson.
type numberedWriter struct {
	io.Writer
	number int
	start  bool // of an object
}

// Write implements io.Writer.
func (w *numberedWriter) Write(p []byte) (int, error) {
	var numbered []byte
	for _, line := range bytes.SplitAfter(p, []byte("\n")) {
		if w.start && len(line) > 1 && line[0] == '{' {
			numbered = fmt.Appendf(numbered, `{"line":%d`, w.number)
			if line = line[1:]; line[0] != '}' {
				numbered = append(numbered, ',')
			}
		}
		if len(line) > 0 {
			numbered = append(numbered, line...)
			w.start = line[len(line)-1] == '\n'
		}
	}
	if _, err := w.Writer.Write(numbered); err != nil {
		return 0, err
	}
	return len(p), nil
}
