package cluster

import (
	"context"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// memberListOptions holds the flags of "member list".
type memberListOptions struct {
	Consistency string // as given on the command line

	serializable bool
}

func newMemberListCmd(f *cli.Factory) *cobra.Command {
	opts := &memberListOptions{Consistency: "l"}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the members",
		Long: `List the members. The columns of the format simple are: ID, status, name, peer
URLs, client URLs, is learner. A member without a name was never started.`,
		Example: `  # List the members with their IDs, names and URLs.
  ectl member list -w table`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.RunRequest(f, opts, runMemberList),
	}
	cli.Consistency().AddFlag(cmd, &opts.Consistency, "consistency of the read")
	return cmd
}

// Complete implements cli.Options.
func (o *memberListOptions) Complete(_ *cli.Factory, _ *cobra.Command, _ []string) (err error) {
	o.serializable, err = cli.Consistency().Parse(o.Consistency)
	return err
}

func runMemberList(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *memberListOptions) error {
	var options []clientv3.OpOption
	if opts.serializable {
		options = append(options, clientv3.WithSerializable())
	}
	response, err := c.MemberList(ctx, options...)
	if err != nil {
		return err
	}
	if err := f.Print(output.MemberList{Response: response}); err != nil {
		return err
	}
	warnOfClusters(f, c.Clusters(ctx))
	return nil
}
