package contexts

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/contexts"
	"github.com/ectl-io/ectl/output"
)

// deleteOptions holds the arguments of "context delete".
type deleteOptions struct{ Names []string }

func newDeleteCmd(f *cli.Factory) *cobra.Command {
	opts := &deleteOptions{}
	cmd := &cobra.Command{
		Use:   "delete NAME...",
		Short: "Delete contexts",
		Long:  "Delete contexts. Nothing in their clusters is changed.",
		Example: `  # Delete a context. The cluster stays as it is.
  ectl context delete staging`,
		Args:              cli.Args(1, cli.Unlimited, "the names of contexts"),
		RunE:              cli.Run(f, opts, runDelete),
		ValidArgsFunction: completions.Contexts(f.ContextNames),
	}
	return cli.FormatsOf(cmd, output.ContextChanged{})
}

// Complete implements cli.Options.
func (o *deleteOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Names = args
	return nil
}

func runDelete(ctx context.Context, f *cli.Factory, opts *deleteOptions) error {
	wasCurrent := false
	err := update(ctx, f, func(file *contexts.File) error {
		for _, name := range opts.Names {
			if _, err := find(f, file, name); err != nil {
				return err
			}
			file.Remove(name)
			if file.Current == name {
				file.Current, wasCurrent = "", true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if wasCurrent {
		f.Say("The current context was deleted: no context is current now.")
	}
	return f.Print(output.ContextChanged{Change: "deleted", Names: opts.Names})
}
