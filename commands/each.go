package commands

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/contexts"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/script"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/output"
)

// eachOptions holds the arguments and flags of "each".
type eachOptions struct {
	Parallel int
	Confirm  string // number of contexts
	Names    []string
	Words    []string // of the command
}

func newEachCmd(f *cli.Factory) *cobra.Command {
	opts := &eachOptions{}
	cmd := &cobra.Command{
		Use:   "each PATTERN... -- COMMAND...",
		Short: "Run a command in every context that matches a pattern",
		Long: `Run a command in every context that matches a pattern, several at the same time.
A pattern is a name with *, ? and [...], as in a shell.

The output is in the order of "context list". Each line begins with the name of
the context. With -w ndjson, each object has the member "context", and a failed
command writes an object with its error. The exit status is the highest of all.

The command gets no standard input. If it destroys something, --confirm must
give the number of contexts.`,
		Example: `  # Check the health of all clusters that match.
  ectl each 'prod-*' -- endpoint health
  # Plan one policy for all clusters, as an object a line.
  ectl each '*' -w ndjson -- rbac plan -f policy.yaml --exit-code
  # Confirm the number of contexts for what destroys.
  ectl each 'dev-*' --confirm 3 -- user delete bob --if-exists`,
		GroupID:           cli.GroupUtility,
		RunE:              cli.Run(f, opts, runEach),
		ValidArgsFunction: completeEach(f),
	}
	cmd.Flags().IntVar(&opts.Parallel, "parallel", defaultEach, "`number` of contexts in which the command runs at the same time")
	cmd.Flags().StringVar(&opts.Confirm, cli.FlagConfirm, "", "`number` of contexts that match, for a command that destroys something")
	return cli.Extension(cli.WithoutContext(f, cmd))
}

// defaultEach is the default of --parallel.
const defaultEach = 8

// Complete implements cli.Options.
func (o *eachOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	dash := cmd.ArgsLenAtDash()
	if dash < 1 || dash == len(args) {
		return exit.BadArgsf("%s takes patterns, then -- and a command; see '%[1]s --help'", cmd.CommandPath())
	}
	if o.Parallel < 1 {
		return exit.BadArgsf("--parallel must be positive: got %d", o.Parallel)
	}
	for _, name := range []string{etcd.FlagEndpoints, etcd.FlagDiscoverySRV} {
		if origin := f.Origin(name); origin != "" {
			return exit.BadArgsf("%s is given, but each context has endpoints of its own: leave it out", origin)
		}
	}
	store, err := f.Contexts()
	if err != nil {
		return exit.With(exit.IO, err)
	}
	file, err := store.Read()
	if err != nil {
		return f.ContextError(store, err)
	}
	found, err := file.Matching(args[:dash])
	if err != nil {
		return exit.BadArgsf("%w; \"%s context list\" lists them", err, f.Program)
	}
	o.Names, o.Words = (&contexts.File{Contexts: found}).Names(), cli.WithoutProgram(args[dash:])
	f.InContexts(o.Names)
	return nil
}

func runEach(ctx context.Context, f *cli.Factory, opts *eachOptions) error {
	e := &eachRun{f: f, opts: opts, out: f.Text(), connections: f.Connections(ctx)}
	if err := e.check(ctx); err != nil {
		return err
	}
	runner := &script.Runner{
		Parallel: opts.Parallel, KeepGoing: true, Out: f.Streams.Out, Err: f.Streams.Err,
		Execute: e.execute, Done: e.done,
	}
	if err := runner.Run(ctx, len(opts.Names)); err != nil {
		return err
	}
	return e.result()
}

// eachRun runs a command in several contexts.
type eachRun struct {
	f           *cli.Factory
	opts        *eachOptions
	out         io.Writer
	connections *session.Connections
	worst       exit.Code
	failed      []string // names of the contexts, in their order
}

// inner returns the Factory of the command in a context.
func (e *eachRun) inner(name string, connections *session.Connections, out, stderr io.Writer) *cli.Factory {
	streams := *e.f.Streams
	streams.Out, streams.Err, streams.OutIsTerminal, streams.ErrIsTerminal = out, e.f.Named(stderr, name), false, false
	streams.In, streams.Terminal = bytes.NewReader(nil), nil
	consent := cli.ConsentNotNeeded
	if e.opts.Confirm != "" {
		consent = cli.ConsentGiven
	}
	return e.f.Inner(cli.Inner{
		Words: e.opts.Words, Streams: &streams, Prompter: prompt.New(&streams), Connections: connections, Consent: consent, Context: name,
	})
}

// check refuses an invalid command, and one that destroys something without --confirm,
// before anything runs.
func (e *eachRun) check(ctx context.Context) error {
	count := len(e.opts.Names)
	if confirm := e.opts.Confirm; confirm != "" && confirm != strconv.Itoa(count) {
		return exit.BadArgsf("--%s %s: %s: nothing was run", cli.FlagConfirm, confirm, quantity.Of(count, "context")+" "+quantity.Verb(count, "matches", "match"))
	}
	for _, name := range e.opts.Names {
		connections := e.connections.Fork()
		inner := e.inner(name, connections, io.Discard, io.Discard)
		inspected := false
		inner.Inspect(func(context.Context, cli.Options) error { inspected = true; return nil })
		err := e.f.Execute(ctx, inner, e.opts.Words)
		connections.Close()
		switch {
		case err != nil:
			return fmt.Errorf("in the context %s: %w", name, err)
		case !inspected:
			return exit.BadArgsf("%s cannot run in several contexts", cli.Masked(e.opts.Words))
		case inner.Destroys() && e.opts.Confirm == "":
			return exit.BadArgsf("%s destroys something in %s: give --%s %d", cli.Masked(e.opts.Words), quantity.Of(count, "context"), cli.FlagConfirm, count)
		}
	}
	return nil
}

// execute runs the command in the context n.
func (e *eachRun) execute(ctx context.Context, _, n int, out, stderr io.Writer) error {
	connections := e.connections.Fork()
	defer connections.Close()
	inner := e.inner(e.opts.Names[n], connections, out, stderr)
	defer inner.Streams.Signals.Release()
	err := e.f.Execute(ctx, inner, e.opts.Words)
	if err != nil && ctx.Err() == nil && !exit.IsAnswer(err) {
		inner.SayError(err)
	}
	return err
}

// done records the outcome of the context n.
func (e *eachRun) done(n int, err error) error {
	if err == nil {
		return nil
	}
	e.worst = max(e.worst, exit.CodeOf(err))
	e.failed = append(e.failed, e.opts.Names[n])
	if e.f.Format == string(output.NDJSON) && !exit.IsAnswer(err) {
		return writeFailure(e.out, output.Object{{Name: "context", Value: e.opts.Names[n]}}, err)
	}
	return nil
}

// result returns the error of all contexts together.
func (e *eachRun) result() error {
	if len(e.failed) == 0 {
		return nil
	}
	names := strings.Join(e.failed, ", ")
	return exit.With(e.worst, fmt.Errorf("%d of %s did not succeed: %s", len(e.failed), quantity.Of(len(e.opts.Names), "context"), names))
}
