package cluster

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// memberRemoveOptions is what "member remove" was asked to do.
type memberRemoveOptions struct {
	ID uint64
}

func newMemberRemoveCmd(f *cli.Factory, run func(context.Context, *memberRemoveOptions) error) *cobra.Command {
	opts := &memberRemoveOptions{}
	return &cobra.Command{
		Use:   "remove ID",
		Short: "Remove a member",
		Long: `Remove a member from the cluster. Its etcd ends by itself, and cannot come back
with the data it has.`,
		Example: `  ` + f.Program + ` member remove 8211f1d0f64f3269`,
		Args:    cli.Args(1, 1, "a member's ID"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			var err error
			if opts.ID, err = parseMemberID(args[0]); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runMemberRemove(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func runMemberRemove(ctx context.Context, f *cli.Factory, opts *memberRemoveOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.MemberRemoveResponse, error) {
		return c.MemberRemove(ctx, opts.ID)
	})
	if err != nil {
		return err
	}
	return f.Print(output.MemberRemoved(opts.ID, response))
}
