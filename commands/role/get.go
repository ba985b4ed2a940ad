package role

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// getOptions holds the arguments of "role get".
type getOptions struct{ Name string }

func newGetCmd(f *cli.Factory) *cobra.Command {
	opts := &getOptions{}
	return &cobra.Command{
		Use:   "get NAME",
		Short: "Show the permissions of a role",
		Example: `  ectl role get app
  ectl role get app -w table`,
		Args:              cli.Args(1, 1, "a role name"),
		RunE:              cli.RunRequest(f, opts, runGet),
		ValidArgsFunction: completions.Args(f, completions.Roles),
	}
}

// Complete implements cli.Options.
func (o *getOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	return nil
}

func runGet(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *getOptions) error {
	response, err := c.RoleGet(ctx, opts.Name)
	if err != nil {
		return err
	}
	return f.Print(output.RoleInfo{Name: opts.Name, Response: response})
}
