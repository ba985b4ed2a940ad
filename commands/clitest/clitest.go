// Package clitest runs one command without the tree. Tests use it to check how
// arguments and options are parsed. It needs no server.
package clitest

import (
	"bytes"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// Run is one run of the program, without a terminal.
type Run struct {
	*cli.Factory
	Out, Err bytes.Buffer
}

// New returns a Run with stdin as its standard input and environ as its
// environment, as NAME=VALUE.
func New(stdin string, environ ...string) *Run {
	r := &Run{}
	r.Factory = cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(stdin), Out: &r.Out, Err: &r.Err, Environ: environ})
	return r
}

// Execute runs cmd with args and the global options. cmd was created with the Factory
// of r.
func (r *Run) Execute(ctx context.Context, cmd *cobra.Command, args ...string) error {
	root := &cobra.Command{Use: r.Program, SilenceUsage: true, SilenceErrors: true}
	root.SetOut(&r.Out)
	root.SetErr(&r.Err)
	r.BindGlobals(root.PersistentFlags())
	cmd.GroupID = "" // the test root has no groups
	root.AddCommand(cmd)
	root.SetArgs(append([]string{cmd.Name()}, args...))
	return root.ExecuteContext(ctx)
}

// Completed returns the Factory of r for the constructor of a command. The command
// stores its completed options in got and does nothing else.
func Completed[O any, P interface {
	*O
	cli.Options
}](r *Run, got P) *cli.Factory {
	r.Inspect(func(_ context.Context, opts cli.Options) error {
		if completed, ok := opts.(P); ok {
			*got = *completed
		}
		return nil
	})
	return r.Factory
}
