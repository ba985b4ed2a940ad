package user

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// listOptions holds the flags of "user list".
type listOptions struct{ Detail bool }

func newListCmd(f *cli.Factory) *cobra.Command {
	opts := &listOptions{}
	names, details := cli.RunRequest(f, opts, runList), cli.Run(f, opts, runListDetail)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List all users",
		Long: `List all users. With --detail, also list how each user logs in, and the roles of
the user. Only root may use --detail.

etcd has no list of the users with a password. While authentication is on,
--detail tries a wrong password for each user. The server's error shows whether
the user has one. This costs the server some 60 ms of one processor for each
user with a password, and a line in its log.`,
		Example: `  # List the names.
  ectl user list
  # Also show roles and permissions.
  ectl user list --detail`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.Detail {
				return details(cmd, args)
			}
			return names(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&opts.Detail, "detail", false, "also list roles, and who has a password")
	return cmd
}

// Complete implements cli.Options.
func (*listOptions) Complete(*cli.Factory, *cobra.Command, []string) error { return nil }

func runList(ctx context.Context, f *cli.Factory, c *etcd.Client, _ *listOptions) error {
	response, err := c.UserList(ctx)
	if err != nil {
		return err
	}
	return f.Print(output.UserList{Response: response})
}

func runListDetail(ctx context.Context, f *cli.Factory, _ *listOptions) error {
	snapshot, err := reader.ReadAs(ctx, f.Session)
	if err != nil {
		return err
	}
	var without map[string]bool
	if snapshot.Enabled {
		if without, err = cli.WithoutPassword(ctx, f, snapshot.UserNames()); err != nil {
			return err
		}
	} else if len(snapshot.Users) > 0 {
		f.Warn("users without a password cannot be found while authentication is off")
	}
	return f.Print(output.UserDetails{State: snapshot.State, WithoutPassword: without})
}
