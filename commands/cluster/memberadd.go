package cluster

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// memberAddOptions holds the arguments and flags of "member add".
type memberAddOptions struct {
	Name     string
	PeerURLs string // comma-separated
	Learner  bool
}

func newMemberAddCmd(f *cli.Factory) *cobra.Command {
	opts := &memberAddOptions{}
	cmd := &cobra.Command{
		Use:   "add NAME --peer-urls URL[,URL...]",
		Short: "Add a member",
		Long: `Add a member to the cluster, and print the settings to start its etcd with.

The new member counts for the majority at once, even before its etcd runs. With
two members, both must be up; with four, three. --learner adds the member
without a vote, until "member promote".`,
		Example: `  ectl member add node4 --peer-urls https://10.0.0.4:2380 --learner`,
		Args:    cobra.ArbitraryArgs,
		RunE:    cli.RunRequest(f, opts, runMemberAdd),
	}
	cmd.Flags().StringVar(&opts.PeerURLs, flagPeerURLs, "", "`URLs` at which the other members reach the new one, comma-separated")
	cmd.Flags().BoolVar(&opts.Learner, "learner", false, "add the member as a learner, without a vote")
	return cmd
}

// Complete implements cli.Options.
func (o *memberAddOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	return o.complete(args)
}

func (o *memberAddOptions) complete(args []string) error {
	switch {
	case len(args) == 0:
		return exit.BadArgsf("the name is empty: give the name of the new member")
	case len(args) > 1:
		advice := ""
		for _, arg := range args {
			if strings.HasPrefix(strings.ToLower(arg), "http") && refuseUserInfo(arg) == nil {
				advice = "; for peer URLs, use --" + flagPeerURLs + "=" + arg
			}
		}
		return exit.BadArgsf("want one name: got %d%s", len(args), advice)
	case o.PeerURLs == "":
		return errNoPeerURLs()
	}
	o.Name = args[0]
	return refuseUserInfo(o.PeerURLs)
}

func runMemberAdd(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *memberAddOptions) error {
	add := c.MemberAdd
	if opts.Learner {
		add = c.MemberAddAsLearner
	}
	response, err := add(ctx, strings.Split(opts.PeerURLs, ","))
	if err != nil {
		return err
	}
	return f.Print(output.MemberAdded{Name: opts.Name, PeerURLs: opts.PeerURLs, Response: response})
}
