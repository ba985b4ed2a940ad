package contexts

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/output"
)

func newShowCmd(f *cli.Factory) *cobra.Command {
	opts := cli.NoOptions{}
	run := cli.Run(f, opts, runShow)
	cmd := &cobra.Command{
		Use:   "show [NAME]",
		Short: "Show the options that a command would use, and where each comes from",
		Long: `Show the global options with the values that a command would use here. Each has
its origin: an option, a variable of the environment, the context, or the
default. With NAME, show them in that context. Secrets are not shown, and no
request is sent.`,
		Example: `  # Show what a command would use here.
  ectl context show
  # Show what one would use in a context, with an option.
  ectl context show prod --user alice`,
		Args: cli.Args(0, 1, "the name of a context"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if err := f.Globals().Set(cli.FlagContext, args[0]); err != nil {
					return err
				}
			}
			return run(cmd, args)
		},
		ValidArgsFunction: completions.Contexts(f.ContextNames),
	}
	return cli.FormatsOf(cmd, output.ContextShown{})
}

func runShow(_ context.Context, f *cli.Factory, _ cli.NoOptions) error {
	result := output.ContextShown{}
	if c := f.Context(); c != nil {
		result.Name, result.Protected = c.Name, c.Protected
	}
	for _, o := range f.Origins() {
		result.Options = append(result.Options, output.ContextOption(o))
	}
	return f.Print(result)
}
