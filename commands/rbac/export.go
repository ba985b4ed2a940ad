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
		Example: `  ` + f.Program + ` rbac export > policy.yaml
  ` + f.Program + ` rbac export -w json | jq .users`,
		Args: cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			snapshot, err := reader.ReadAs(ctx, f.Session)
			if err != nil {
				return err
			}
			return f.Print(output.PolicyExport{State: snapshot.State})
		}),
	}
	return cli.FormatsOf(cmd, output.PolicyExport{})
}
