package watch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/limited"
	"github.com/ectl-io/ectl/internal/txn"
	"github.com/ectl-io/ectl/internal/watch"
	"github.com/ectl-io/ectl/output"
)

// interactive is one run of the interactive mode.
type interactive struct {
	f         *cli.Factory
	client    *etcd.Client
	variables variables
	environ   []string // of commands

	results output.WatchStream
	watches *watch.Group // the first error of a watch ends the program
}

// runInteractive executes the lines of standard input. The end of the input is an
// error, as in etcdctl.
func runInteractive(ctx context.Context, f *cli.Factory, opts *options) error {
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	if f.Streams.Terminal != nil { // the user types there
		f.EndWaits()
	}
	s := &interactive{
		f: f, client: client, variables: opts.variables, environ: opts.environ(f),
		results: f.Printer().Watch(),
	}
	s.watches, ctx = watch.NewGroup(ctx)
	defer s.watches.End(errEnded)
	in := bufio.NewReader(f.Stdin())
	for first := true; ; first = false {
		line, err := iostreams.Await(ctx, func() (string, error) { return limited.ReadLine(in, maxLine) })
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return exit.With(exit.InvalidInput, fmt.Errorf("the watches ended with standard input: %w", err))
		}
		if first {
			line = strings.TrimPrefix(line, limited.ByteOrderMark)
		}
		if err := s.line(ctx, strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
}

var errEnded = errors.New("the interactive mode has ended")

// maxLine is the maximum length of a line in bytes. Keys have up to 1.5 MiB, and escapes
// are four times as long.
const maxLine = 16 << 20

// line executes one line. It reports an invalid line and returns nil. Mistakes that
// also end etcdctl are errors.
func (s *interactive) line(ctx context.Context, line string) error {
	words, err := txn.Words(line) // same syntax as etcdctl
	switch {
	case err != nil:
		return exit.With(exit.InvalidInput, err)
	case len(words) == 0:
		s.refuse(line, "watch and progress are supported")
		return nil
	case words[0] == "progress":
		s.watches.RequestProgress()
		return nil
	case words[0] != "watch":
		s.refuse(line, "watch and progress are supported")
		return nil
	case len(words) == 1 && s.variables.key == "":
		s.refuse(line, "no key to watch")
		return nil
	}
	o, err := s.parse(words[1:])
	switch {
	case errors.Is(err, errPrefixRange), errors.Is(err, errNoKey) && len(o.Command) > 0:
		s.refuse(line, err.Error())
		return nil
	case err != nil:
		return exit.With(exit.BadArgs, err)
	}
	o.warnIfReversed(s.f)
	w := newWatcher(ctx, s.f, s.client, s.results, o, s.environ)
	s.watches.Start(ctx, w.watch, w)
	return nil
}

// parse parses the words after "watch". Each line starts with the defaults.
func (s *interactive) parse(words []string) (watchOptions, error) {
	var o watchOptions
	flags := pflag.NewFlagSet("watch", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	o.addFlags(flags)
	flags.BoolP("interactive", "i", false, "accepted as on the command line")
	switch err := flags.Parse(words); {
	case errors.Is(err, pflag.ErrHelp): // otherwise the program would print help and exit with success
		return o, fmt.Errorf("no help in interactive mode; see '%s watch --help'", s.f.Program)
	case err != nil:
		return o, err
	}
	err := o.complete(flags.Args(), flags.ArgsLenAtDash(), s.variables)
	return o, err
}

func (s *interactive) refuse(line, reason string) {
	s.watches.Exclusively(func() { s.f.Say(fmt.Sprintf("Invalid command: %s (%s)", line, reason)) })
}
