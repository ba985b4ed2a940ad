package rbac

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/output"
)

func newExportCmd(f *cli.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Export the users, roles and permissions as a policy file",
		Long: `Export the users, roles and permissions of the cluster as a policy file for
"rbac plan" and "rbac apply". The format is YAML, or JSON with -w json. The file
contains no passwords, because the server does not return them. Before the file
is applied to another cluster, add the source of each user's password.`,
		Example: `  # Write the users and roles of the cluster as a policy.
  ectl rbac export > policy.yaml
  # List the users.
  ectl rbac export -w json | jq .users`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, cli.NoOptions{}, runExport),
	}
	return cli.FormatsOf(cmd, output.PolicyExport{})
}

func runExport(ctx context.Context, f *cli.Factory, _ cli.NoOptions) error {
	snapshot, err := reader.ReadAs(ctx, f.Session)
	if err != nil {
		return err
	}
	return f.Print(output.PolicyExport{State: snapshot.State})
}
