package contexts

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

func newListCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the contexts",
		Long:  "List the contexts. An asterisk marks the current one.",
		Example: `  # The current context is marked.
  ectl context list`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, cli.NoOptions{}, runList),
	}
	return cli.FormatsOf(cmd, output.Contexts{})
}

func runList(_ context.Context, f *cli.Factory, _ cli.NoOptions) error {
	store, err := f.Contexts()
	if err != nil {
		return exit.With(exit.IO, err)
	}
	file, err := store.Read()
	if err != nil {
		return f.ContextError(store, err)
	}
	result := output.Contexts{}
	for _, c := range file.Contexts {
		result.List = append(result.List, output.ContextItem{
			Name: c.Name, Current: c.Name == file.Current, Protected: c.Protected, Endpoints: c.Options[endpoints], User: c.User,
		})
	}
	return f.Print(result)
}
