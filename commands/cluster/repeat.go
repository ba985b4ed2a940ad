package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// repeatFlags say whether a command looks once, or again and again.
type repeatFlags struct {
	Every time.Duration // 0: once

	next func(output.Result) error // prints what the next look has found
}

const (
	flagWatch = "watch"
	// leastPause keeps the question from being the load that it asks about.
	leastPause = 100 * time.Millisecond
)

func (o *repeatFlags) addFlags(flags *pflag.FlagSet) {
	flags.DurationVar(&o.Every, flagWatch, 0, "look again each `duration`, 2s say, until interrupted; a terminal shows the newest only")
}

// emptyScreen empties a terminal from its first line on.
const emptyScreen = "\x1b[H\x1b[J"

// repeat looks, once or until ctx ends. What a look finds wrong does not end the
// others: look has said it, and what it returns is told, but for a mistake in
// the command line.
func (o *repeatFlags) repeat(ctx context.Context, f *cli.Factory, look func(context.Context) error) error {
	switch {
	case o.Every == 0:
		return look(ctx)
	case o.Every < leastPause:
		return exit.BadArgsf("--%s is the time between two looks, from %s on, and got %s", flagWatch, leastPause, o.Every)
	}
	o.next = f.Results()
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	for {
		err := look(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case exit.CodeOf(err) == exit.BadArgs, exit.CodeOf(err) == exit.IO:
			return err
		case err != nil:
			f.SayError(err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// printHead is called when the answers have come and before anything is said of
// them: a terminal shows only the newest.
func (o *repeatFlags) printHead(f *cli.Factory, what string) error {
	if o.Every == 0 || !f.Streams.OutIsTerminal {
		return nil
	}
	_, err := fmt.Fprintf(f.Streams.Out, "%sendpoint %s every %s, last at %s\n\n", emptyScreen, what, o.Every, time.Now().Format(time.TimeOnly))
	if err != nil {
		return exit.With(exit.IO, fmt.Errorf("write the output: %w", err))
	}
	return nil
}

// print prints what one look has found.
func (o *repeatFlags) print(f *cli.Factory, r output.Result) error {
	switch {
	case o.Every == 0:
		return f.Print(r)
	case !f.Streams.OutIsTerminal:
		return o.next(r)
	}
	if err := f.Print(r); err != nil {
		return err
	}
	return f.Printer().Flush()
}
