package cluster

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// memberUpdateOptions holds the arguments and flags of "member update".
type memberUpdateOptions struct {
	memberArg
	PeerURLs string // comma-separated
}

func newMemberUpdateCmd(f *cli.Factory) *cobra.Command {
	opts := &memberUpdateOptions{}
	cmd := &cobra.Command{
		Use:   "update ID|NAME --peer-urls URL[,URL...]",
		Short: "Update the peer URLs of a member",
		Long:  "Update the URLs at which the other members reach a member.",
		Example: `  # Change the URL at which the other members reach a member.
  ectl member update node2 --peer-urls https://10.0.0.2:2380`,
		Args:              cli.Args(1, 1, "the ID or name of a member"),
		RunE:              runOnMember(f, opts, runMemberUpdate),
		ValidArgsFunction: completions.Args(f, completions.Members),
	}
	cmd.Flags().StringVar(&opts.PeerURLs, flagPeerURLs, "", "new peer `URLs` of the member, comma-separated")
	_ = cmd.RegisterFlagCompletionFunc(flagPeerURLs, completions.Values(f, completions.PeerURLs)) // fails only if the flag does not exist
	return cmd
}

// Complete implements cli.Options.
func (o *memberUpdateOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	if err := o.parse(args[0]); err != nil {
		return err
	}
	if o.PeerURLs == "" {
		return errNoPeerURLs()
	}
	return refuseUserInfo(o.PeerURLs)
}

func runMemberUpdate(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *memberUpdateOptions) error {
	response, err := c.MemberUpdate(ctx, opts.ID, strings.Split(opts.PeerURLs, ","))
	if err != nil {
		return adviseScheme(err, opts.PeerURLs)
	}
	return f.Print(output.MemberUpdated(opts.ID, response))
}
