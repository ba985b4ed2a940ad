package cluster

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// memberListOptions is what "member list" was asked to show.
type memberListOptions struct {
	Consistency string
}

func newMemberListCmd(f *cli.Factory, run func(context.Context, *memberListOptions) error) *cobra.Command {
	opts := &memberListOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the members",
		Long: `List the members. The format simple has ID, status, name, peer URLs, client URLs
and whether it is a learner. A member without a name has never been started.`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			if opts.Consistency != "l" && opts.Consistency != "s" {
				return exit.BadFeaturef("--consistency %q: it is l or s", opts.Consistency)
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runMemberList(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&opts.Consistency, "consistency", "l", "l: linearizable, what the cluster agrees on; s: serializable, what the member knows")
	_ = cmd.RegisterFlagCompletionFunc("consistency", cobra.FixedCompletions([]string{"l", "s"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runMemberList(ctx context.Context, f *cli.Factory, opts *memberListOptions) error {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.MemberListResponse, error) {
		if opts.Consistency == "s" {
			return c.MemberList(ctx, clientv3.WithSerializable())
		}
		return c.MemberList(ctx)
	})
	if err != nil {
		return err
	}
	return f.Print(output.MemberList{Response: response})
}
