// Package cli holds what every command gets: streams, prompter, global options,
// client and printer.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/heap"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/internal/visible"
	"github.com/ectl-io/ectl/output"
)

// Factory makes what commands need, each thing on first use. One Factory
// serves one command line.
type Factory struct {
	// Program is the name that the program was called by. Help texts and
	// errors call it so.
	Program  string
	Line     []string // the words behind the name, as they were given
	Streams  *iostreams.Streams
	Prompter *prompt.Prompter
	Heap     *heap.Limit // of the process

	*session.Session // of the user whom the command line names

	Format string // of the output, see output.Formats
	Hex    bool
	Quiet  bool // no warnings, and no answer that the exit status already gives

	globals  *pflag.FlagSet
	formats  []output.Format                      // of the command
	inspect  func(context.Context, Options) error // nil: commands run
	prepared bool
	printer  *output.Printer
	text     *textWriter // nil: none was written
	said     *lines      // on standard error
}

// EtcdctlName is the name under which the program stands in for etcdctl.
const EtcdctlName = "etcdctl"

// NewFactory returns the Factory of one run of the program.
func NewFactory(program string, streams *iostreams.Streams) *Factory {
	f := &Factory{Program: program, Streams: streams, Prompter: prompt.New(streams), formats: output.Formats()}
	f.said = &lines{to: func() io.Writer { return streams.Err }}
	f.Session = session.New(f.Prompter, f.Warn)
	return f
}

// AsEtcdctl says whether the program stands in for etcdctl.
func (f *Factory) AsEtcdctl() bool { return f.Program == EtcdctlName }

// BindGlobals adds the global flags to fs, the root command's persistent ones.
func (f *Factory) BindGlobals(fs *pflag.FlagSet) {
	f.Connection.AddFlags(fs)
	fs.StringVarP(&f.Format, FlagFormat, "w", string(output.Simple), "`format` of the output: "+output.FormatNames(output.Formats()))
	fs.BoolVar(&f.Hex, "hex", false, "print keys and values as hexadecimal bytes")
	fs.BoolVar(&f.Quiet, flagQuiet, false, "print no warnings, and no answer that the exit status already gives")
	fs.VisitAll(func(flag *pflag.Flag) { flag.Hidden = true })
	f.globals = fs
}

// Names of the global flags that are not about the connection.
const (
	FlagFormat = "write-out"
	flagQuiet  = "quiet"
)

// Globals are the global flags.
func (f *Factory) Globals() *pflag.FlagSet { return f.globals }

// ForRequest returns a Factory for a command that is only parsed, as a request
// of a transaction: the command reads nothing from standard input and prints
// nothing, so that any option about printing fits.
func (f *Factory) ForRequest() (*Factory, error) {
	streams := *f.Streams
	streams.In, streams.Terminal, streams.Out = strings.NewReader(""), nil, io.Discard
	printer, err := output.NewPrinter(streams.Out, string(output.Simple), output.Formats(), false)
	if err != nil {
		return nil, err
	}
	request := *f
	request.Streams, request.Prompter, request.printer, request.prepared = &streams, prompt.New(&streams), printer, true
	return &request, nil
}

// Prepare completes the global options from the environment and makes the
// printer. Only its first call does anything.
func (f *Factory) Prepare() error {
	if f.prepared {
		return nil
	}
	f.prepared = true
	if err := f.applyEnvironment(); err != nil {
		return err
	}
	for _, name := range []string{etcd.FlagCert, etcd.FlagKey, etcd.FlagCACert} {
		if err := notEmpty(f.globals.Lookup(name)); err != nil {
			return err
		}
	}
	f.Connection.Valueless(f.globals, func(flag string) string {
		if value, set := f.Streams.LookupEnv(Variable(flag)); set && value == "" {
			return Variable(flag)
		}
		return ""
	})
	out := f.stdout()
	if f.Streams.OutIsTerminal && f.Streams.ErrIsTerminal && f.Format != string(output.Protobuf) { // that has no lines
		out = lineWriter{out, f.said}
	}
	printer, err := output.NewPrinter(out, f.Format, f.formats, f.Hex)
	if err != nil {
		return err
	}
	printer.OnTerminal(f.Streams.OutIsTerminal)
	f.printer = printer
	for _, warning := range f.Connection.Warnings() {
		f.Warn(warning)
	}
	if f.Connection.Debug {
		crash.Trace()
		f.startDebugLog()
	}
	return nil
}

func (f *Factory) stdout() io.Writer { return dataWriter{f.Streams.Signals.Writer(f.Streams.Out)} }

// Text returns a writer of text on standard output, for what is no result: help.
// Close returns the first error of writing it.
func (f *Factory) Text() io.Writer {
	f.text = &textWriter{Writer: f.stdout()}
	return f.text
}

// textWriter keeps the first error of writing.
type textWriter struct {
	io.Writer
	err error
}

// Write implements io.Writer.
func (w *textWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// dataWriter writes data. That it cannot be written has a status of its own.
type dataWriter struct{ io.Writer }

// Write implements io.Writer.
func (w dataWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = exit.With(exit.IO, &unwrittenError{err})
	}
	return n, err
}

// unwrittenError is that the output cannot be written.
type unwrittenError struct{ err error }

func (e *unwrittenError) Error() string { return "write the output: " + e.err.Error() }
func (e *unwrittenError) Unwrap() error { return e.err }

// Call makes the client and calls request with it, within the command's
// timeout.
func Call[Response any](ctx context.Context, f *Factory, request func(context.Context, *etcd.Client) (Response, error)) (Response, error) {
	return session.Call(ctx, f.Session, request)
}

// Printer returns the printer of results. It may be called only after Prepare.
func (f *Factory) Printer() *output.Printer { return f.printer }

// Print prints one result on standard output.
func (f *Factory) Print(r output.Result) error { return f.printer.Print(r) }

// Results returns a function that prints results on standard output one after
// another, each at once.
func (f *Factory) Results() func(output.Result) error {
	stream := f.printer.Results()
	return func(r output.Result) error {
		if err := stream.Next(r); err != nil {
			return err
		}
		return f.printer.Flush()
	}
}

// Settle adds to the error of an output that cannot be written what became of the
// changes that were made before. Who does not see the result needs to know that.
func (f *Factory) Settle(err error) error {
	if _, unwritten := errors.AsType[*unwrittenError](err); !unwritten {
		return err
	}
	return f.Connection.Changes.Settle(err)
}

// Warn prints a warning on standard error, unless the user wants quiet.
func (f *Factory) Warn(sentence string) {
	if !f.Quiet {
		f.Say("Warning: " + sentence)
	}
}

// Say prints a line for the user on standard error.
func (f *Factory) Say(sentence string) {
	fmt.Fprintln(f.said, visible.Line(f.HideLogins(sentence)))
}

// SayError prints an error. Its text is often a server's.
func (f *Factory) SayError(err error) {
	fmt.Fprintln(f.said, "Error: "+f.HideLogins(visible.Error(err)))
}

// Stdin is standard input, less what questions have read of it.
func (f *Factory) Stdin() io.Reader { return f.Prompter.Stdin() }

// Close writes what is still buffered and ends the connections. It returns the
// error of the writing.
func (f *Factory) Close() error {
	f.Disconnect()
	var err error
	if f.printer != nil {
		err = f.printer.Flush()
	}
	f.said.end()
	if err == nil && f.text != nil {
		err = f.text.err
	}
	return err
}
