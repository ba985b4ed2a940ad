package cluster

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// memberPromoteOptions holds the argument of "member promote".
type memberPromoteOptions struct {
	memberArg
}

func newMemberPromoteCmd(f *cli.Factory) *cobra.Command {
	opts := &memberPromoteOptions{}
	return &cobra.Command{
		Use:   "promote ID|NAME",
		Short: "Promote a learner",
		Long:  "Promote a learner to a voting member. The cluster refuses if the learner lags\ntoo far behind the leader.",
		Example: `  # Let a learner vote, once it has all data.
  ectl member promote node4`,
		Args:              cli.Args(1, 1, "the ID or name of a member"),
		RunE:              runOnMember(f, opts, runMemberPromote),
		ValidArgsFunction: completions.Args(f, completions.Members),
	}
}

// Complete implements cli.Options.
func (o *memberPromoteOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	return o.parse(args[0])
}

func runMemberPromote(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *memberPromoteOptions) error {
	response, err := c.MemberPromote(ctx, opts.ID)
	if err != nil {
		return err
	}
	return f.Print(output.MemberPromoted(opts.ID, response))
}
