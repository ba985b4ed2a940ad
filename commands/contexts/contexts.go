// Package contexts holds the commands for contexts, which are named sets of options:
// "ectl context ...".
package contexts

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/contexts"
	"github.com/ectl-io/ectl/internal/exit"
)

// NewCmd returns the command "context".
func NewCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "context COMMAND",
		Short: "Keep the options of several clusters: add, use, list, show",
		Long: `Keep the options of several clusters under names. A context has endpoints,
certificates, a user, where the password comes from, and other global options.
It never has a password.

A command uses the current context, or that of --context or ECTL_CONTEXT. An
option on the command line has precedence over one of the environment, and that
over one of the context. Called as etcdctl, a context is used only if it is
named. --context none uses no context.

The contexts are in contexts.yaml in your configuration folder, by default
~/.config/ectl. The file is refused if another user can read or change it.`,
		GroupID: cli.GroupUtility,
	}
	cmd.AddCommand(
		cli.WithoutContext(f, newAddCmd(f)),
		cli.WithoutContext(f, newUseCmd(f)),
		cli.WithoutContext(f, newListCmd(f)),
		newShowCmd(f),
		cli.WithoutContext(f, newRenameCmd(f)),
		cli.WithoutContext(f, newDeleteCmd(f)),
	)
	return cli.Extension(cmd)
}

// update changes the file of the contexts.
func update(ctx context.Context, f *cli.Factory, change func(*contexts.File) error) error {
	store, err := f.Contexts()
	if err != nil {
		return exit.With(exit.IO, err)
	}
	var refused error
	err = store.Update(ctx, func(file *contexts.File) error {
		refused = change(file)
		return refused
	})
	if refused != nil {
		return refused
	}
	return f.ContextError(store, err)
}

// find returns the context called name, or an error with the names that are probably
// meant.
func find(f *cli.Factory, file *contexts.File, name string) (*contexts.Context, error) {
	if c := file.Find(name); c != nil {
		return c, nil
	}
	return nil, f.UnknownContext(name, file.Names())
}
