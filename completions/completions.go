// Package completions completes names and keys live from the cluster.
//
// A shell calls it on every Tab: it answers within Deadline or not at all,
// never asks for a password, and prints nothing but candidates.
package completions

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Deadline is how long a Tab may take, from the start of the look-up.
const Deadline = 300 * time.Millisecond

// Source returns the candidates for the word toComplete. args are the
// arguments before it. An error means that there are none.
type Source func(ctx context.Context, c *etcd.Client, args []string, toComplete string) (Candidates, error)

// Candidates are what a word can be completed to.
type Candidates struct {
	Words []cobra.Completion

	// Open says that a word may go on after a candidate: no space follows it.
	Open bool
}

// Args completes positional arguments, each from its own source.
func Args(f *cli.Factory, sources ...Source) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(sources) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		candidates := live(f, sources[len(args)], args, toComplete)
		directive := cobra.ShellCompDirectiveNoFileComp
		if candidates.Open {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return candidates.Words, directive
	}
}

// live asks source, with a client that nobody waits for. Everything that goes
// wrong is silence.
func live(f *cli.Factory, source Source, args []string, toComplete string) Candidates {
	ctx, cancel := context.WithTimeout(context.Background(), Deadline)
	defer cancel()
	f.Quiet = true
	if err := f.Prepare(); err != nil || !f.Connection.Unattended() {
		return Candidates{}
	}
	result := make(chan Candidates, 1)
	go func() {
		var found Candidates
		if client, err := f.Client(ctx); err == nil {
			if candidates, err := source(ctx, client, args, toComplete); err == nil {
				found = candidates
			}
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
