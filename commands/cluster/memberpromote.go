package cluster

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// memberPromoteOptions is what "member promote" was asked to do.
type memberPromoteOptions struct {
	ID uint64
}

func newMemberPromoteCmd(f *cli.Factory, run func(context.Context, *memberPromoteOptions) error) *cobra.Command {
	opts := &memberPromoteOptions{}
	return &cobra.Command{
		Use:   "promote ID",
		Short: "Give a learner its vote",
		Long:  "Give a learner its vote. The cluster refuses while the learner is far behind.",
		Args:  cli.Args(1, 1, "a member's ID"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			var err error
			if opts.ID, err = parseMemberID(args[0]); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runMemberPromote(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func runMemberPromote(ctx context.Context, f *cli.Factory, opts *memberPromoteOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.MemberPromoteResponse, error) {
		return c.MemberPromote(ctx, opts.ID)
	})
	if err != nil {
		return err
	}
	return f.Print(output.MemberPromoted(opts.ID, response))
}
