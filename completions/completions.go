// Package completions completes names and keys live from the cluster.
//
// A shell calls it on every Tab. It answers within Deadline or not at all, never
// prompts for a password, and prints only candidates.
package completions

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
)

// Deadline is the time limit of a completion, from the start of its queries.
const Deadline = 300 * time.Millisecond

// grace is the part of Deadline that remains for an interrupted source to return its
// candidates.
const grace = 20 * time.Millisecond

// Connector is the command line to complete. It provides the connection, the words so far
// and the environment.
type Connector interface {
	// Unattended returns a function that connects without a prompt and without output
	// on the terminal. It returns nil if the command line needs a prompt.
	Unattended() Connect

	// Words returns the words after the program's name, unchanged.
	Words() []string

	// LookupEnv returns a variable of the environment.
	LookupEnv(name string) (value string, set bool)
}

// Connect returns a function for each endpoint, which connects to this endpoint only. The
// clients end with the context that they are made with. An endpoint that refuses the
// connection, or whose host is unknown, fails at once.
type Connect func(context.Context) ([]Dial, error)

// Dial connects to one endpoint.
type Dial func(context.Context) (*etcd.Client, error)

// Request is a word to complete.
type Request struct {
	Word  string         // the typed beginning of the word
	Args  []string       // the arguments before it
	Flags *pflag.FlagSet // the options before it
}

// Source returns the candidates for a word. When ctx ends, it returns the candidates
// found so far. After an error, no candidates are offered.
type Source func(ctx context.Context, c *etcd.Client, r Request) (Candidates, error)

// Candidates holds the completions of a word.
type Candidates struct {
	Words []cobra.Completion

	// Open reports that a candidate may be incomplete, so the shell adds no space after
	// it.
	Open bool
}

// Args completes positional arguments, each from its own source.
func Args(c Connector, sources ...Source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(sources) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return live(cmd.Context(), c, sources[len(args)], Request{Word: toComplete, Args: args, Flags: cmd.Flags()}).answer()
	}
}

// File completes the positional argument of a command that takes one file name.
func File(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// Value completes the value of an option.
func Value(c Connector, source Source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return live(cmd.Context(), c, source, Request{Word: toComplete, Args: args, Flags: cmd.Flags()}).answer()
	}
}

// Values completes the last of the comma-separated values of an option. Values that are
// already listed are not offered again.
func Values(c Connector, source Source) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		at := strings.LastIndexByte(toComplete, ',') + 1
		before := toComplete[:at]
		found := live(cmd.Context(), c, source, Request{Word: toComplete[at:], Args: args, Flags: cmd.Flags()})
		var more Candidates
		for _, candidate := range found.Words {
			word, _, _ := strings.Cut(candidate, "\t") // a description follows
			if !slices.Contains(strings.Split(before, ","), word) && !strings.Contains(word, ",") {
				more.Words = append(more.Words, before+candidate)
			}
		}
		more.Open = true // a comma may follow
		return more.answer()
	}
}

// answer converts candidates to the form that cobra passes to the shell.
func (c Candidates) answer() ([]cobra.Completion, cobra.ShellCompDirective) {
	directive := cobra.ShellCompDirectiveNoFileComp
	if c.Open {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return c.Words, directive
}

// live queries source with new clients. On any error, it returns no candidates.
func live(ctx context.Context, c Connector, source Source, r Request) Candidates {
	connect := c.Unattended()
	if connect == nil {
		return Candidates{}
	}
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	result := make(chan Candidates, 1)
	crash.Go(func() { result <- firstAnswer(ctx, connect, source, r) })
	select {
	case found := <-result:
		return found
	case <-ctx.Done(): // a DNS lookup does not end with its context
		return Candidates{}
	}
}

// firstAnswer queries source at all endpoints at the same time. The first answer counts,
// so an endpoint that does not answer costs nothing if another one does.
func firstAnswer(ctx context.Context, connect Connect, source Source, r Request) Candidates {
	ctx, cancel := context.WithTimeout(ctx, Deadline-grace)
	defer cancel()
	endpoints, err := connect(ctx)
	if err != nil {
		return Candidates{}
	}
	type answer struct {
		found Candidates
		err   error
	}
	answers := make(chan answer, len(endpoints))
	for _, dial := range endpoints {
		crash.Go(func() {
			var a answer
			client, err := dial(ctx)
			if a.err = err; err == nil {
				a.found, a.err = source(ctx, client, r)
			}
			answers <- a
		})
	}
	for range endpoints {
		a := <-answers
		switch {
		case a.err == nil:
			return a.found
		case isRefusal(a.err): // by every member
			return Candidates{}
		}
	}
	return Candidates{}
}

// isRefusal reports whether a server has refused a request, so that another one would
// refuse it, too.
func isRefusal(err error) bool {
	_, answered := errors.AsType[rpctypes.EtcdError](err)
	return answered && !retry.Is(err, retry.Transient|retry.UnknownToken|retry.StaleToken)
}
