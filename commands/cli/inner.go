package cli

import (
	"bytes"
	"fmt"
	"io"

	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/output"
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

	// Context is the name of the context that the line runs in. Its output names the
	// context. If it is empty, the line runs in the context of the outer command.
	Context string
}

// Inner returns the Factory of a command line that the command of f runs. The global
// options of f hold for it, unless the line sets them. An identity on the line replaces
// that of f as a whole. Variables of the environment do not count again.
func (f *Factory) Inner(line Inner) *Factory {
	inner := NewFactory(f.Program, line.Streams)
	inner.Line, inner.Heap, inner.outer, inner.number, inner.Execute = line.Words, f.Heap, f, line.Number, f.Execute
	inner.Prompter, inner.consent, inner.inContext = line.Prompter, line.Consent, line.Context
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

// named returns a writer to out that says which line of a script, or which context, the
// output comes from.
func (f *Factory) named(out io.Writer) io.Writer {
	if f.Format == string(output.NDJSON) {
		switch {
		case f.inContext != "":
			return &memberWriter{out, fmt.Sprintf(`"context":%q`, f.inContext), true} // the name needs no escapes
		case f.number > 0:
			return &memberWriter{out, fmt.Sprintf(`"line":%d`, f.number), true}
		}
		return out
	}
	if f.inContext != "" {
		return f.outer.Named(out, f.inContext)
	}
	return out
}

// namedFormats returns the formats whose lines can name a context.
func namedFormats() []output.Format {
	return []output.Format{output.Simple, output.Fields, output.Table, output.Wide, output.NDJSON}
}

// memberWriter adds a member to each object of ndjson.
type memberWriter struct {
	io.Writer
	member string
	start  bool // of an object
}

// Write implements io.Writer.
func (w *memberWriter) Write(p []byte) (int, error) {
	var named []byte
	for _, line := range bytes.SplitAfter(p, []byte("\n")) {
		if w.start && len(line) > 1 && line[0] == '{' {
			named = append(append(named, '{'), w.member...)
			if line = line[1:]; line[0] != '}' {
				named = append(named, ',')
			}
		}
		if len(line) > 0 {
			named = append(named, line...)
			w.start = line[len(line)-1] == '\n'
		}
	}
	if _, err := w.Writer.Write(named); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WithoutProgram returns the words of a line without the name of the program, with which
// lines begin that are copied from a shell.
func WithoutProgram(words []string) []string {
	if len(words) > 1 && IsProgram(words[0]) {
		return words[1:]
	}
	return words
}

// IsProgram reports whether a word is a name of the program.
func IsProgram(word string) bool { return word == "ectl" || word == EtcdctlName }
