package contexts

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/contexts"
	"github.com/ectl-io/ectl/output"
)

// useOptions holds the argument of "context use".
type useOptions struct{ Name string }

func newUseCmd(f *cli.Factory) *cobra.Command {
	opts := &useOptions{}
	cmd := &cobra.Command{
		Use:   "use NAME",
		Short: "Make a context the current one",
		Long: `Make a context the current one. Commands use it if they name no other. With the
name none, no context is current.`,
		Example: `  # Use it until another one is used.
  ectl context use prod
  # Use no context.
  ectl context use none`,
		Args:              cli.Args(1, 1, "the name of a context"),
		RunE:              cli.Run(f, opts, runUse),
		ValidArgsFunction: completions.Contexts(f.ContextNames),
	}
	return cli.FormatsOf(cmd, output.ContextChanged{})
}

// Complete implements cli.Options.
func (o *useOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	return nil
}

func runUse(ctx context.Context, f *cli.Factory, opts *useOptions) error {
	result := output.ContextChanged{Change: "used", Names: []string{}}
	err := update(ctx, f, func(file *contexts.File) error {
		if opts.Name == cli.NoContext {
			file.Current = ""
			return nil
		}
		c, err := find(f, file, opts.Name)
		if err != nil {
			return err
		}
		file.Current, result.Names = c.Name, []string{c.Name}
		return nil
	})
	if err != nil {
		return err
	}
	return f.Print(result)
}
