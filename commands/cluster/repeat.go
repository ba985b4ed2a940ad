package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/output"
)

// repeatFlags selects whether a command queries once or repeatedly.
type repeatFlags struct {
	Every time.Duration // 0: once

	next func(output.Result) error // prints the answers of the next query
}

const (
	flagWatch = "watch"
	// minInterval is the minimum interval, so that the queries do not load the cluster.
	minInterval = 100 * time.Millisecond
)

func (o *repeatFlags) addFlags(flags *pflag.FlagSet) {
	flags.DurationVar(&o.Every, flagWatch, 0, "repeat every `duration` (for example 2s) until interrupted; a terminal shows the latest")
}

// emptyScreen clears a terminal.
const emptyScreen = "\x1b[H\x1b[J"

// repeat calls look once, or repeatedly until ctx ends. During the repetition, it
// prints errors of look and continues. Only an invalid command line or a write error
// ends the repetition.
func (o *repeatFlags) repeat(ctx context.Context, f *cli.Factory, look func(context.Context) error) error {
	switch {
	case o.Every == 0:
		return look(ctx)
	case o.Every < minInterval:
		return exit.BadArgsf("--%s must be at least %s: got %s", flagWatch, minInterval, o.Every)
	}
	o.next = f.Results()
	return retry.Every(ctx, o.Every, func(ctx context.Context) error {
		err := look(ctx)
		switch {
		case exit.CodeOf(err) == exit.BadArgs, exit.CodeOf(err) == exit.IO:
			return err
		case err != nil && ctx.Err() == nil:
			f.SayError(err)
		}
		return nil
	})
}

// printHead prints the heading of the answers after they have arrived. It clears the
// terminal, so that only the latest answers are visible. Without a terminal, it prints
// nothing.
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

// printOne prints the answers of one query.
func (o *repeatFlags) printOne(f *cli.Factory, r output.Result) error {
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
