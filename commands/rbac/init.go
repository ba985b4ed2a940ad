package rbac

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// starter is a policy to begin with.
//
//go:embed starter.yaml
var starter []byte

// starterMode is the mode of the file. It holds no secret.
const starterMode = 0o644

// initOptions holds the arguments of "rbac init".
type initOptions struct{ File string }

func newInitCmd(f *cli.Factory) *cobra.Command {
	opts := &initOptions{}
	return &cobra.Command{
		Use:   "init FILE",
		Short: "Write a commented policy file to begin with",
		Long: `Write a policy file with comments to begin with. An existing file is never
replaced. To begin with the users and roles of a cluster, use "rbac export".

No server is asked. "help policy" describes the file.`,
		Example: `  # Write a policy to begin with,
  ectl rbac init policy.yaml
  # and show what it would change.
  ectl rbac plan -f policy.yaml`,
		Args: cli.Args(1, 1, "the name of the new file"),
		RunE: cli.Run(f, opts, runInit),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
}

// Complete implements cli.Options.
func (o *initOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	if o.File = args[0]; o.File == "" {
		return exit.BadArgsf("the name of the file is empty")
	}
	return nil
}

func runInit(ctx context.Context, f *cli.Factory, opts *initOptions) error {
	set, err := atomicfile.WriteSet(false, atomicfile.Content{Path: opts.File, Data: starter, Mode: starterMode})
	if err == nil {
		defer set.Abort()
		err = set.Commit(ctx)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return exit.With(exit.IO, fmt.Errorf("%s exists, and was not changed: choose another name", opts.File))
	case err != nil:
		return exit.With(exit.IO, fmt.Errorf("write the policy: %w", err))
	}
	return f.Print(output.PolicyStarted{File: opts.File})
}
