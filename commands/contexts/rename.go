package contexts

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/contexts"
	"github.com/ectl-io/ectl/output"
)

// renameOptions holds the arguments of "context rename".
type renameOptions struct{ Old, New string }

func newRenameCmd(f *cli.Factory) *cobra.Command {
	opts := &renameOptions{}
	cmd := &cobra.Command{
		Use:   "rename OLD NEW",
		Short: "Rename a context",
		Example: `  # The options stay as they are.
  ectl context rename prod prod-eu`,
		Args:              cli.Args(2, 2, "the name of a context and its new name"),
		RunE:              cli.Run(f, opts, runRename),
		ValidArgsFunction: completions.Contexts(f.ContextNames),
	}
	return cli.FormatsOf(cmd, output.ContextChanged{})
}

// Complete implements cli.Options.
func (o *renameOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Old, o.New = args[0], args[1]
	return checkName(o.New)
}

func runRename(ctx context.Context, f *cli.Factory, opts *renameOptions) error {
	helper := false
	err := update(ctx, f, func(file *contexts.File) error {
		c, err := find(f, file, opts.Old)
		if err != nil {
			return err
		}
		if other := file.Find(opts.New); other != nil && other != c {
			return exists(opts.New)
		}
		if file.Current == c.Name {
			file.Current = opts.New
		}
		helper = c.UsesHelper()
		c.Name = opts.New
		return nil
	})
	if err != nil {
		return err
	}
	if helper {
		f.Warn("the credential helper still keeps the passwords under the old name " + opts.Old + ": store them under " + opts.New)
	}
	return f.Print(output.ContextChanged{Change: "renamed", Names: []string{opts.Old, opts.New}})
}
