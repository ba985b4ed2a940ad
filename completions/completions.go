// Package completions completes names and keys live from the cluster.
//
// A shell calls it on every Tab. It answers within Deadline or not at all, never
// prompts for a password, and prints only candidates.
package completions

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
)

// Deadline is the time limit of a completion, from the start of its queries.
const Deadline = 300 * time.Millisecond

// grace is the part of Deadline that remains for an interrupted source to return its
// candidates.
const grace = 20 * time.Millisecond

// Connector is the command line to complete. It provides the connection and the words
// so far.
type Connector interface {
	// Unattended returns a function that connects without a prompt and without output
	// on the terminal. It returns nil if the command line needs a prompt.
	Unattended() func(context.Context) (*etcd.Client, error)

	// Words returns the words after the program's name, unchanged.
	Words() []string
}

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

// BeforeCommand completes the arguments before "--" with complete. After "--", there is
// a command with its arguments. For these, the shell offers files.
func BeforeCommand(c Connector, complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		// cobra appends its own "--". So a "--" before the word to complete is visible
		// only in the original command line.
		dash, line := cmd.ArgsLenAtDash(), c.Words()
		if dash >= 0 && dash < len(args) || len(line) > 1 && line[len(line)-2] == "--" {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return complete(cmd, args, toComplete)
	}
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
		for _, word := range found.Words {
			if !slices.Contains(strings.Split(before, ","), word) && !strings.Contains(word, ",") {
				more.Words = append(more.Words, before+word)
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

// live queries source with a new client. On any error, it returns no candidates.
func live(ctx context.Context, c Connector, source Source, r Request) Candidates {
	connect := c.Unattended()
	if connect == nil {
		return Candidates{}
	}
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	result := make(chan Candidates, 1)
	crash.Go(func() {
		found, err := ask(ctx, connect, source, r)
		if err != nil {
			found = Candidates{}
		}
		result <- found
	})
	select {
	case found := <-result:
		return found
	case <-ctx.Done(): // a DNS lookup does not end with its context
		return Candidates{}
	}
}

func ask(ctx context.Context, connect func(context.Context) (*etcd.Client, error), source Source, r Request) (Candidates, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline-grace)
	defer cancel()
	client, err := connect(ctx)
	if err != nil {
		return Candidates{}, err
	}
	defer func() { _ = client.Close() }()
	return source(ctx, client, r)
}
