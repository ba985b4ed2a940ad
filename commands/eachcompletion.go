package commands

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/prompt"
)

// completeEach completes the names of contexts, and after "--" the command as on a command
// line of its own, in the first context that matches.
func completeEach(f *cli.Factory) cobra.CompletionFunc {
	names := completions.Contexts(f.ContextNames)
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		line := f.Words() // cobra removes "--" from args
		dash := slices.Index(line, "--")
		if dash < 0 || dash == len(line)-1 {
			return names(cmd, args, toComplete)
		}
		words := append([]string{cobra.ShellCompRequestCmd}, cli.WithoutProgram(line[dash+1:])...)
		var out bytes.Buffer
		streams := *f.Streams
		streams.Out, streams.Err, streams.In, streams.Terminal = &out, io.Discard, bytes.NewReader(nil), nil
		inner := f.Inner(cli.Inner{
			Words: words, Streams: &streams, Prompter: prompt.New(&streams), Connections: f.Connections(cmd.Context()),
			Context: firstMatch(f, args),
		})
		if err := f.Execute(cmd.Context(), inner, words); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return candidatesOf(out.String())
	}
}

// firstMatch returns the name of the first context that one of args matches, which begin
// with patterns. Without one, it returns the name of no context.
func firstMatch(f *cli.Factory, args []string) string {
	store, err := f.Contexts()
	if err != nil || len(args) == 0 {
		return cli.NoContext
	}
	file, err := store.Read()
	if err != nil {
		return cli.NoContext
	}
	found, err := file.Matching(args[:1])
	if err != nil {
		return cli.NoContext
	}
	return found[0].Name
}

// candidatesOf reads what a command line of completion prints: candidates, and a line with
// the directive.
func candidatesOf(printed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	lines := strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
	last := len(lines) - 1
	directive, err := strconv.Atoi(strings.TrimPrefix(lines[last], ":"))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return lines[:last], cobra.ShellCompDirective(directive)
}
