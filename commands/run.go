package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/script"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/internal/visible"
	"github.com/ectl-io/ectl/output"
)

// runOptions holds the arguments and flags of "run".
type runOptions struct {
	KeepGoing, DryRun, Echo bool
	Parallel                int
	Lines                   []scriptLine
	stdin                   bool // one of the scripts is standard input
}

// scriptLine is one command of a script.
type scriptLine struct {
	script.Line

	File string // of the script, as a message shows it
}

func (l scriptLine) place() string { return fmt.Sprintf("%s:%d", l.File, l.Number) }

func newRunCmd(f *cli.Factory) *cobra.Command {
	opts := &runOptions{}
	cmd := &cobra.Command{
		Use:   "run FILE...",
		Short: "Run the commands of a script over one connection and one login",
		Long: `Run the commands of scripts, one command a line, over one connection and one
login. A line is written as on the command line, without the program's name.
With "-" as FILE, the script is standard input.

Words are quoted as in a POSIX shell. A # begins a comment. A backslash at the
end of a line, or an open quote, continues the command on the next line.
${NAME} is a variable of the environment; its value is one word. A
here-document (<<END) is the standard input of its command. Everything else
that a shell does is refused.

All scripts are read before the first command runs. An invalid line, an unknown
command or option, or a variable that is not set ends the run before anything is
changed.

With --dry-run, a server is asked whether it would refuse a command, and the
requests that would make changes are printed. None of them is sent. Later lines
see the users and roles as earlier lines would leave them. Commands that do more
than send requests, such as watch or lock, are only checked, and so is each
command if no server answers.

The global options hold for each line, unless the line sets them. The first
error ends the run: it names the file, the line and the command, and the exit
status is that of the command. With --keep-going all commands run, and the
exit status is that of the first that failed.

With -w ndjson each object has the number of its line, and a failed command
writes an object with its error. In a dry run, the object of a line has its
file, the command and the requests.`,
		Example: `  # Run a script as root, over one login.
  ectl --user root --password-file pw run provision.ectl
  # Print what it would change.
  ectl run --dry-run provision.ectl
  # Run independent lines at the same time, and list failures.
  ectl run --keep-going --parallel 8 grants.ectl
  # Read the script from standard input.
  printf 'role add ops\nrole get ops\n' | ectl run -`,
		GroupID: cli.GroupUtility,
		Args:    cli.Args(1, cli.Unlimited, "one or more scripts"),
		RunE:    cli.Run(f, opts, runRun),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.KeepGoing, "keep-going", "k", false, "run all commands, also after one has failed")
	flags.BoolVar(&opts.DryRun, "dry-run", false, "check all commands, print them with the requests that they would send, and run none")
	flags.BoolVar(&opts.Echo, "echo", false, "print each command on standard error before it runs, without its secrets")
	flags.IntVar(&opts.Parallel, "parallel", 1, "`number` of commands to run at the same time; their order does not hold then, but that of their output does")
	f.AddConfirm(cmd)
	return cli.Extension(cmd)
}

// maxScript is the maximum size of a script, in bytes.
const maxScript = 256 << 20

// Complete implements cli.Options. It reads the scripts.
func (o *runOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	if f.InScript() {
		return exit.BadArgsf("a script cannot run a script: write its lines here, or give both as FILE")
	}
	if o.Parallel < 1 {
		return exit.BadArgsf("--parallel must be positive: got %d", o.Parallel)
	}
	var invalid scriptErrors
	for _, name := range args {
		text, err := o.read(cmd.Context(), f, name)
		if err != nil {
			return exit.With(exit.IO, fmt.Errorf("read the script: %w", err))
		}
		if name == secret.Stdin {
			name = "standard input"
		}
		lines, err := script.Parse(text, f.Streams.LookupEnv)
		for _, line := range lines {
			line.Words = cli.WithoutProgram(line.Words)
			checked := scriptLine{line, name}
			o.Lines = append(o.Lines, checked)
			if o.KeepGoing || o.DryRun {
				continue // these report such a line in its turn
			}
			if wrong := checkLine(f.Program, line.Words); wrong != nil {
				invalid = append(invalid, (&lineError{checked, wrong}).Error())
			}
		}
		if err != nil {
			invalid = append(invalid, linesOf(name, err)...)
		}
	}
	if len(invalid) > 0 {
		return exit.With(exit.InvalidInput, invalid)
	}
	return nil
}

func (o *runOptions) read(ctx context.Context, f *cli.Factory, name string) ([]byte, error) {
	if name != secret.Stdin {
		return iostreams.Await(ctx, func() ([]byte, error) { return limited.ReadFile(name, maxScript) })
	}
	if o.stdin {
		return nil, errors.New("standard input is given twice")
	}
	o.stdin = true
	return iostreams.Await(ctx, func() ([]byte, error) { return limited.ReadAll(f.Stdin(), "standard input", maxScript) })
}

// scriptErrors holds the invalid lines of scripts, one a line.
type scriptErrors []string

// Error implements error.
func (e scriptErrors) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines lets the error keep its lines, see visible.Error.
func (e scriptErrors) Lines() []string { return append(slices.Clone(e), "no command was run") }

// linesOf returns the invalid lines of the script name.
func linesOf(name string, err error) scriptErrors {
	causes := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // as errors.Join returns it
		causes = joined.Unwrap()
	}
	var lines scriptErrors
	for _, cause := range causes {
		if invalid, ok := errors.AsType[*script.Error](cause); ok {
			lines = append(lines, fmt.Sprintf("%s:%d: %s", name, invalid.Line, invalid.Reason))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %v", name, cause))
	}
	return lines
}

// lineError is the error of one command of a script.
type lineError struct {
	line scriptLine
	err  error
}

// Error implements error.
func (e *lineError) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.line.place(), cli.Masked(e.line.Words), e.err)
}

func (e *lineError) Unwrap() error { return e.err }

// lineFailed returns the error of a command of a script. An answer that is an exit status
// becomes an error with a text.
func lineFailed(line scriptLine, err error) error {
	switch {
	case err == nil:
		return nil
	case exit.IsAnswer(err):
		code := exit.CodeOf(err)
		err = exit.With(code, fmt.Errorf("the exit status is %d", code))
	}
	return &lineError{line, err}
}

func runRun(ctx context.Context, f *cli.Factory, opts *runOptions) error {
	r := &scriptRun{f: f, opts: opts, out: f.Text()}
	connections := f.Connections(ctx)
	for range opts.Parallel {
		fork := connections.Fork()
		defer fork.Close()
		r.connections = append(r.connections, fork)
	}
	runner := &script.Runner{
		Parallel: opts.Parallel, KeepGoing: opts.KeepGoing || opts.DryRun, Out: f.Streams.Out, Err: f.Streams.Err,
		Execute: r.execute, Done: r.done,
	}
	if opts.DryRun {
		runner.Parallel = 1 // a line depends on the earlier ones
		if err := r.beginDry(ctx); err != nil {
			return err
		}
	}
	if err := runner.Run(ctx, len(opts.Lines)); err != nil {
		return err
	}
	return r.result()
}

// scriptRun runs the lines of scripts.
type scriptRun struct {
	f           *cli.Factory
	opts        *runOptions
	out         io.Writer              // for what the run itself prints
	connections []*session.Connections // of each worker
	failed      []error                // in the order of the lines
	succeeded   int                    // number of commands

	rehearsal *cli.Rehearsal // of a dry run with a connection
	requests  []string       // of the last line of it
}

// beginDry connects to the cluster for a dry run. If no server answers, the lines are only
// parsed.
func (r *scriptRun) beginDry(ctx context.Context) error {
	probe := r.f.Detached()
	probe.Connection.Impatient = true
	defer probe.Disconnect()
	err := probe.Do(ctx, func(ctx context.Context, c *etcd.Client) error {
		_, err := c.MemberList(ctx)
		return err
	})
	_, answered := errors.AsType[rpctypes.EtcdError](err)
	switch {
	case err == nil:
		r.rehearsal = cli.NewRehearsal()
		r.rehearsal.Report = func(requests []string) { r.requests = requests }
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case answered:
		return probe.Explain(ctx, err)
	default:
		r.f.Say("no server was asked whether it would refuse a command: " + probe.Explain(ctx, err).Error())
	}
	return nil
}

// execute runs one line.
func (r *scriptRun) execute(ctx context.Context, worker, n int, out, stderr io.Writer) error {
	line := r.opts.Lines[n]
	streams := *r.f.Streams
	streams.Out, streams.Err = out, stderr
	prompter := r.f.Prompter
	switch {
	case line.Input != nil:
		streams.In, streams.Terminal = bytes.NewReader(line.Input), nil
		prompter = prompt.New(&streams)
	case r.opts.stdin || r.opts.Parallel > 1:
		streams.In, streams.Terminal = bytes.NewReader(nil), nil
		prompter = prompt.New(&streams)
	}
	if r.opts.DryRun {
		streams.Out = io.Discard
	}
	if r.opts.Echo {
		fmt.Fprintln(stderr, "+ "+cli.Masked(line.Words))
	}
	inner := r.f.Inner(cli.Inner{
		Number: line.Number, Words: line.Words, Streams: &streams, Prompter: prompter, Connections: r.connections[worker],
	})
	switch {
	case r.rehearsal != nil:
		r.requests = nil
		inner.Rehearse(r.rehearsal)
	case r.opts.DryRun:
		inner.Inspect(func(context.Context, cli.Options) error { return nil })
	}
	defer streams.Signals.Release()
	return lineFailed(line, r.f.Execute(ctx, inner, line.Words))
}

// done prints the outcome of the line n.
func (r *scriptRun) done(n int, err error) error {
	line := r.opts.Lines[n]
	switch {
	case err == nil && r.opts.DryRun && r.f.Format == string(output.NDJSON):
		return r.printRehearsed(line)
	case err == nil && r.opts.DryRun:
		text := fmt.Sprintf("%s: %s\n", line.place(), cli.Masked(line.Words))
		for _, request := range r.requests {
			text += "    " + visible.Line(request) + "\n"
		}
		_, err := io.WriteString(r.out, text)
		return err
	case err == nil:
		r.succeeded++
		r.f.CannotRepeat()
		return nil
	}
	r.failed = append(r.failed, err)
	if r.opts.KeepGoing || r.opts.DryRun {
		r.f.SayError(err)
	}
	if r.f.Format == string(output.NDJSON) {
		return r.printFailed(line, err)
	}
	return nil
}

func (r *scriptRun) printFailed(line scriptLine, err error) error {
	if failed, ok := errors.AsType[*lineError](err); ok {
		err = failed.err
	}
	return writeFailure(r.out, output.Object{{Name: "line", Value: int64(line.Number)}, {Name: "file", Value: line.File}}, err)
}

// printRehearsed prints the requests of a line of a dry run as an object. Without a
// connection they are not known.
func (r *scriptRun) printRehearsed(line scriptLine) error {
	object := output.Object{{Name: "line", Value: int64(line.Number)}, {Name: "file", Value: line.File}, {Name: "command", Value: cli.Masked(line.Words)}}
	if r.rehearsal != nil {
		object = append(object, output.Member{Name: "requests", Value: r.requests})
	}
	return writeObject(r.out, object)
}

// result returns the error of the whole run.
func (r *scriptRun) result() error {
	switch {
	case len(r.failed) == 0:
		return nil
	case !r.opts.KeepGoing && !r.opts.DryRun && r.succeeded > 0:
		return fmt.Errorf("%w; %s succeeded", r.failed[0], quantity.Of(r.succeeded, "other command"))
	case !r.opts.KeepGoing && !r.opts.DryRun:
		return r.failed[0]
	}
	var places []string
	for _, err := range r.failed {
		if failed, ok := errors.AsType[*lineError](err); ok {
			places = append(places, failed.line.place())
		}
	}
	const shown = 20
	if more := len(places) - shown; more > 0 {
		places = append(places[:shown], fmt.Sprintf("and %d more", more))
	}
	what := "failed"
	switch {
	case r.rehearsal != nil:
		what = "are invalid or would fail, and none was run"
	case r.opts.DryRun:
		what = "are invalid, and none was run"
	}
	return exit.With(exit.CodeOf(r.failed[0]), fmt.Errorf("%d of %s %s: %s", len(r.failed), quantity.Of(len(r.opts.Lines), "command"), what, strings.Join(places, ", ")))
}
