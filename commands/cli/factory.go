// Package cli provides what all commands share: streams, prompter, global options,
// client and printer.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/heap"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/reminder"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/internal/visible"
	"github.com/ectl-io/ectl/output"
)

// Factory creates the objects that commands need, on first use. One Factory serves one
// command line.
type Factory struct {
	// Program is the name under which the program was called. Help texts and errors use
	// it.
	Program  string
	Line     []string // arguments after the name, unchanged
	Streams  *iostreams.Streams
	Prompter *prompt.Prompter
	Heap     *heap.Limit // of the process

	*session.Session // of the user on the command line

	Format string // of the output, see output.Formats
	Hex    bool
	Quiet  bool // no warnings, and no answer that the exit status already gives

	colours     colour.Mode // of words, in the output and in messages
	errorFormat ErrorFormat

	// Execute runs another command line. It returns the error that the command ends with,
	// explained, and does not print it.
	Execute func(context.Context, *Factory, []string) error

	outer     *Factory // of the command that runs this command line, or nil
	number    int      // of the line in the outer command's script
	globals   *pflag.FlagSet
	formats   []output.Format                      // that the command supports
	inspect   func(context.Context, Options) error // if not nil, called instead of running the command
	rehearsal *Rehearsal                           // see Rehearse
	prepared  bool
	restore   []plan.Step // take back what the command has taken away
	undo      Undo        // see UndoneBy

	consent     Consent
	destruction *destruction // that the command declares, or nil
	confirm     string       // --confirm

	contextOptions

	wrote *atomic.Bool // to standard output

	withoutLogin bool // a kept login does not count
	unattended   bool // see Unattended
	printer      *output.Printer
	text         *textWriter // nil if Text was not called
	said         *lines      // on standard error
	waiting      *progress.Waiting
}

// EtcdctlName is the program name under which ectl replaces etcdctl.
const EtcdctlName = "etcdctl"

// NewFactory returns the Factory of one run of the program.
func NewFactory(program string, streams *iostreams.Streams) *Factory {
	f := &Factory{Program: program, Streams: streams, Prompter: prompt.New(streams), formats: output.Formats(), colours: colour.Auto, errorFormat: errorText, wrote: new(atomic.Bool)}
	f.said = &lines{to: func() io.Writer { return streams.Err }}
	f.Session = session.New(f.Prompter, f.Warn)
	return f
}

// AsEtcdctl reports whether the program was called as etcdctl.
func (f *Factory) AsEtcdctl() bool { return f.Program == EtcdctlName }

// BindGlobals adds the global flags to fs, the persistent flags of the root command.
func (f *Factory) BindGlobals(fs *pflag.FlagSet) {
	f.Connection.AddFlags(fs)
	fs.StringVarP(&f.Format, FlagFormat, "w", string(output.Simple), "`format` of the output: "+output.FormatNames(output.Formats()))
	fs.BoolVar(&f.Hex, "hex", false, "print keys and values as hexadecimal bytes")
	fs.BoolVar(&f.Quiet, flagQuiet, false, "print no warnings, and no answer that the exit status already gives")
	f.bindContext(fs)
	fs.Var(&f.colours, FlagColour, "`when` to write words in colours: auto (on a terminal), always, never")
	fs.Var(&f.errorFormat, FlagErrorFormat, "`form` of an error on standard error: text (a line), json (an object with error, kind and status)")
	fs.VisitAll(func(flag *pflag.Flag) { flag.Hidden = true })
	f.globals = fs
	if f.outer != nil {
		f.inherit()
	}
}

// Names of the global flags that do not configure the connection.
const (
	FlagFormat = "write-out"
	FlagColour = "color"
	flagQuiet  = "quiet"
)

// FormatGiven reports whether the user chose an output format.
func (f *Factory) FormatGiven() bool { return f.globals.Changed(FlagFormat) }

// Globals returns the global flags.
func (f *Factory) Globals() *pflag.FlagSet { return f.globals }

// ForRequest returns a Factory for a command that is only parsed, as a request of a
// transaction. The command reads nothing from standard input and prints nothing, so all
// output options are valid.
func (f *Factory) ForRequest() (*Factory, error) {
	streams := *f.Streams
	streams.In, streams.Terminal, streams.Out = strings.NewReader(""), nil, io.Discard
	printer, err := output.NewPrinter(streams.Out, string(output.Simple), output.Formats(), false)
	if err != nil {
		return nil, err
	}
	request := *f
	request.rehearsal = nil
	request.Streams, request.Prompter, request.printer, request.prepared = &streams, prompt.New(&streams), printer, true
	return &request, nil
}

// Prepare completes the global options from the environment and creates the printer.
// Only the first call has an effect.
func (f *Factory) Prepare() error {
	if f.prepared {
		return nil
	}
	f.prepared = true
	if f.outer == nil {
		if err := f.applyEnvironment(); err != nil {
			return err
		}
	}
	if err := f.useContext(); err != nil {
		return err
	}
	for _, name := range []string{etcd.FlagCert, etcd.FlagKey, etcd.FlagCACert} {
		if err := notEmpty(f.globals.Lookup(name)); err != nil {
			return err
		}
	}
	if err := f.Connection.CheckTimes(); err != nil {
		return err
	}
	if f.as == "" { // which replaces the identity of the environment
		f.Connection.Valueless(f.globals, f.emptyVariable)
	}
	f.useLogin()
	out := f.stdout()
	if f.Streams.OutIsTerminal && f.Streams.ErrIsTerminal && f.Format != string(output.Protobuf) { // protobuf has no lines
		out = lineWriter{out, f.said}
	}
	out = f.named(out)
	printer, err := output.NewPrinter(out, f.Format, f.formats, f.Hex)
	if err != nil {
		return err
	}
	if f.Streams.OutIsTerminal {
		printer.OnTerminal(func() int { return iostreams.Columns(f.Streams.Out) })
	}
	// etcdctl writes no colours.
	printer.InColours(f.painter(f.Streams.OutIsTerminal && !f.AsEtcdctl()))
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

func (f *Factory) stdout() io.Writer {
	return dataWriter{f.Streams.Signals.Writer(f.Streams.Out), f.wrote}
}

// Text returns a writer to standard output for text that is not a result, such as help.
// Close returns its first write error.
func (f *Factory) Text() io.Writer {
	f.text = &textWriter{Writer: f.stdout()}
	return f.text
}

// BufferedText is Text in few writes, for many short lines. Close writes the rest.
func (f *Factory) BufferedText() io.Writer {
	const size = 64 << 10
	buffered := bufio.NewWriterSize(f.Text(), size)
	f.text.flush = buffered.Flush
	return buffered
}

// textWriter stores the first write error.
type textWriter struct {
	io.Writer
	err   error
	flush func() error // nil: nothing is buffered
}

// Write implements io.Writer.
func (w *textWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// close writes what is buffered, and returns the first write error.
func (w *textWriter) close() error {
	if w.flush != nil {
		_ = w.flush() // Write has stored the error
	}
	return w.err
}

// dataWriter writes data. A write error has the status exit.IO.
type dataWriter struct {
	io.Writer
	wrote *atomic.Bool
}

// Write implements io.Writer.
func (w dataWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if n > 0 {
		w.wrote.Store(true)
	}
	if err != nil {
		err = exit.With(exit.IO, &unwrittenError{err})
	}
	return n, err
}

// unwrittenError reports that the output cannot be written.
type unwrittenError struct{ err error }

func (e *unwrittenError) Error() string { return "write the output: " + e.err.Error() }
func (e *unwrittenError) Unwrap() error { return e.err }

// Call connects to the cluster and calls request, within the timeout of the command.
func Call[Response any](ctx context.Context, f *Factory, request func(context.Context, *etcd.Client) (Response, error)) (Response, error) {
	return session.Call(ctx, f.Session, request)
}

// CallWith is Call for a method of the client that takes one argument, for example
// CallWith(ctx, f, (*etcd.Client).UserGet, name).
func CallWith[Argument, Response any](ctx context.Context, f *Factory, method func(*etcd.Client, context.Context, Argument) (Response, error), argument Argument) (Response, error) {
	return session.CallWith(ctx, f.Session, method, argument)
}

// Printer returns the printer of results. It must not be called before Prepare.
func (f *Factory) Printer() *output.Printer { return f.printer }

// Print prints one result on standard output.
func (f *Factory) Print(r output.Result) error {
	nothing, err := f.printer.PrintList(r)
	if nothing && err == nil {
		f.SayNone()
	}
	return err
}

// SayNone tells a person at a terminal that a list has no items.
func (f *Factory) SayNone() {
	if f.Streams.OutIsTerminal && f.Streams.ErrIsTerminal && f.Format == string(output.Simple) && !f.Quiet {
		f.Say("none")
	}
}

// Results returns a function that prints a sequence of results on standard output. It
// flushes each result immediately.
func (f *Factory) Results() func(output.Result) error {
	stream := f.printer.Results()
	return func(r output.Result) error {
		if err := stream.Next(r); err != nil {
			return err
		}
		return f.printer.Flush()
	}
}

// Settle completes the error of an output that cannot be written. It adds the outcome
// of earlier changes, because the user does not see the result.
func (f *Factory) Settle(err error) error {
	if _, unwritten := errors.AsType[*unwrittenError](err); !unwritten {
		return err
	}
	return f.Connection.Changes.Settle(err)
}

// Warn prints a warning on standard error, unless --quiet is given. It warns of the mode of
// a file only once an hour.
func (f *Factory) Warn(sentence string) {
	if !f.Quiet && (!secret.IsExposure(sentence) || f.isDue(sentence)) {
		fmt.Fprintln(f.said, f.onStderr().Paint(colour.Caution, "Warning:")+" "+f.safe(sentence))
	}
}

// isDue reports whether a warning about a file has not been printed for a while.
func (f *Factory) isDue(sentence string) bool {
	folder, _ := os.Getwd() // the path in the sentence may be relative
	return reminder.Due(f.Streams, folder+"\x00"+sentence, time.Now())
}

// Say prints a line for the user on standard error.
func (f *Factory) Say(sentence string) { fmt.Fprintln(f.said, f.safe(sentence)) }

// SayBad prints a line like Say. The first word in it is written in the colour of what is
// bad.
func (f *Factory) SayBad(sentence, word string) {
	before, after, found := strings.Cut(f.safe(sentence), word)
	if found {
		before += f.onStderr().Paint(colour.Bad, word)
	}
	fmt.Fprintln(f.said, before+after)
}

// safe returns a sentence without invisible characters and logins.
func (f *Factory) safe(sentence string) string { return visible.Line(f.HideLogins(sentence)) }

func (f *Factory) onStderr() colour.Painter { return f.painter(f.Streams.ErrIsTerminal) }

// painter returns the Painter of standard output or standard error. It also heeds the
// variable of --color for errors of the command line, which precede Prepare.
func (f *Factory) painter(isTerminal bool) colour.Painter {
	mode := f.colours
	if value, _ := f.Streams.LookupEnv(Variable(FlagColour)); mode == colour.Auto && value != "" {
		_ = mode.Set(value) // Prepare warns of an invalid value
	}
	return mode.Painter(f.Streams.Colour(isTerminal))
}

// Stdin returns the part of standard input that prompts have not consumed.
func (f *Factory) Stdin() io.Reader { return f.Prompter.Stdin() }

// Close flushes the buffered output and closes the connections. It returns the write
// error.
func (f *Factory) Close() error {
	f.EndWaits()
	f.Disconnect()
	var err error
	if f.printer != nil {
		err = f.printer.Flush()
	}
	f.said.end()
	if f.text != nil {
		if textErr := f.text.close(); err == nil {
			err = textErr
		}
	}
	return err
}
