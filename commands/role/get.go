package role

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access/reader"
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
		Long: `Show the permissions of a role. In the formats yaml, ndjson, csv, table and
markdown, also show the users who hold the role, if the user of the command is
root.`,
		Example: `  # Show its permissions.
  ectl role get app
  # Also show ranges and users in a table.
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
	info := output.RoleInfo{Name: opts.Name, Response: response}
	switch f.Printer().Format() { //nolint:exhaustive // the other formats have no place for the holders
	case output.YAML, output.NDJSON, output.CSV, output.Table, output.Markdown:
		snapshot, err := reader.Read(ctx, c, f.Timeout)
		switch {
		case err == nil:
			info.Holders = append([]string{}, snapshot.Holders()[opts.Name]...)
		case !errors.Is(err, rpctypes.ErrPermissionDenied):
			return err
		}
	}
	return f.Print(info)
}
