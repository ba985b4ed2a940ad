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
		Short: "Write the users, roles and permissions of the cluster as a policy file",
		Long: `Write the users, roles and permissions of the cluster as a policy file, which
rbac plan and rbac apply read: as YAML, or with -w json as JSON. Passwords are
not in it, because nobody can read them: before the file is applied to another
cluster, each user needs to say where its password comes from.`,
		Example: `  ectl rbac export > policy.yaml
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
