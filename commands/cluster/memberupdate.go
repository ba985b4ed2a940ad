package cluster

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// memberUpdateOptions is what "member update" was asked to do.
type memberUpdateOptions struct {
	ID       uint64
	PeerURLs string // comma-separated
}

func newMemberUpdateCmd(f *cli.Factory, run func(context.Context, *memberUpdateOptions) error) *cobra.Command {
	opts := &memberUpdateOptions{}
	cmd := &cobra.Command{
		Use:   "update ID --peer-urls URL[,URL...]",
		Short: "Change a member's peer URLs",
		Long:  "Change the URLs under which the other members reach a member.",
		Args:  cli.Args(1, 1, "a member's ID"),
		RunE: f.RunE(func(ctx context.Context, args []string) error {
			var err error
			if opts.ID, err = parseMemberID(args[0]); err != nil {
				return err
			}
			if opts.PeerURLs == "" {
				return errNoPeerURLs()
			}
			if err := refuseUserInfo(opts.PeerURLs); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runMemberUpdate(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&opts.PeerURLs, flagPeerURLs, "", "the member's new peer `URLs`, comma-separated")
	return cmd
}

func runMemberUpdate(ctx context.Context, f *cli.Factory, opts *memberUpdateOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.MemberUpdateResponse, error) {
		return c.MemberUpdate(ctx, opts.ID, strings.Split(opts.PeerURLs, ","))
	})
	if err != nil {
		return err
	}
	return f.Print(output.MemberUpdated(opts.ID, response))
}
