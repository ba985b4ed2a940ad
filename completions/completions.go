// Package completions completes names and keys live from the cluster.
//
// A shell calls it on every Tab: it answers within Deadline or not at all,
// never asks for a password, and prints nothing but candidates.
package completions

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Deadline is how long a Tab may take, from the start of the look-up.
const Deadline = 300 * time.Millisecond

// grace is the part of Deadline in which a source that was interrupted hands
// over what it has found.
const grace = 20 * time.Millisecond

// Request is what a shell wants to know: how the word may go on.
type Request struct {
	Word  string         // what is typed of it
	Args  []string       // the arguments before it
	Flags *pflag.FlagSet // the options before it
}

// Source returns the candidates for a word. When ctx ends it returns those
// that it has. An error means that there are none.
type Source func(ctx context.Context, c *etcd.Client, r Request) (Candidates, error)

// Candidates are what a word can be completed to.
type Candidates struct {
	Words []cobra.Completion

	// Open says that a word may go on after a candidate: no space follows it.
	Open bool
}

// Args completes positional arguments, each from its own source.
func Args(f *cli.Factory, sources ...Source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(sources) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		candidates := live(cmd.Context(), f, sources[len(args)], Request{Word: toComplete, Args: args, Flags: cmd.Flags()})
		directive := cobra.ShellCompDirectiveNoFileComp
		if candidates.Open {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return candidates.Words, directive
	}
}

// live asks source, with a client that nobody waits for. Everything that goes
// wrong is silence.
func live(ctx context.Context, f *cli.Factory, source Source, r Request) Candidates {
	quiet := *f.Streams
	quiet.Err = io.Discard
	f.Streams = &quiet
	if err := f.Prepare(); err != nil || !f.Connection.Unattended() {
		return Candidates{}
	}
	f.Connection.Debug = false // its log does not go through the streams
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	result := make(chan Candidates, 1)
	go func() {
		found, err := ask(ctx, f, source, r)
		if err != nil {
			found = Candidates{}
		}
		result <- found
	}()
	select {
	case found := <-result:
		return found
	case <-ctx.Done(): // a look-up of a host does not end with its context
		return Candidates{}
	}
}

func ask(ctx context.Context, f *cli.Factory, source Source, r Request) (Candidates, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline-grace)
	defer cancel()
	client, err := etcd.Dial(ctx, &f.Connection, f.Prompter, func(string) {})
	if err != nil {
		return Candidates{}, err
	}
	defer func() { _ = client.Close() }()
	return source(ctx, client, r)
}
