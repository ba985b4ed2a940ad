package user

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// getOptions holds the arguments and flags of "user get".
type getOptions struct {
	Name   string
	Detail bool
}

func newGetCmd(f *cli.Factory) *cobra.Command {
	opts := &getOptions{}
	cmd := &cobra.Command{
		Use:   "get NAME",
		Short: "Show a user and its roles",
		Example: `  # Show the roles.
  ectl user get bob
  # Show the permissions, too.
  ectl user get bob --detail -w table`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runGet),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	cmd.Flags().BoolVar(&opts.Detail, "detail", false, "also show the permissions of the roles")
	return cmd
}

// Complete implements cli.Options.
func (o *getOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	return nil
}

func runGet(ctx context.Context, f *cli.Factory, opts *getOptions) error {
	response, err := cli.CallWith(ctx, f, (*etcd.Client).UserGet, opts.Name)
	if err != nil {
		return err
	}
	if !opts.Detail {
		return f.Print(output.UserInfo{Name: opts.Name, Response: response})
	}
	result := output.UserDetail{Name: opts.Name, Response: response}
	for _, role := range response.Roles {
		response, err := cli.CallWith(ctx, f, (*etcd.Client).RoleGet, role)
		if err != nil {
			return err
		}
		result.Roles = append(result.Roles, output.RoleInfo{Name: role, Response: response})
	}
	return f.Print(result)
}
