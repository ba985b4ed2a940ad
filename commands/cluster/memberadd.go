package cluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
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
		Example: `  # Add a learner. It gets the data before it votes.
  ectl member add node4 --peer-urls https://10.0.0.4:2380 --learner`,
		Args: cobra.ArbitraryArgs,
		RunE: cli.RunRequest(f, opts, runMemberAdd),
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
		return adviseScheme(err, opts.PeerURLs)
	}
	if err := f.Print(output.MemberAdded{Name: opts.Name, PeerURLs: opts.PeerURLs, Response: response}); err != nil {
		return err
	}
	for _, warning := range addWarnings(response.Members, opts.Name) {
		f.Warn(warning)
	}
	return nil
}

// adviseScheme adds to the error of a request with peer URLs that one of them has no
// scheme.
func adviseScheme(err error, urls string) error {
	for url := range strings.SplitSeq(urls, ",") {
		if !strings.Contains(url, "://") {
			return fmt.Errorf("%w: %q has no scheme: use http://%s, or https://", err, url, url)
		}
	}
	return err
}

// addWarnings returns warnings about a cluster to which a member called name was added.
func addWarnings(all []*pb.Member, name string) []string {
	var warnings []string
	voters, started, unnamed := 0, 0, 0
	for _, m := range all {
		if m.GetName() == "" {
			unnamed++
		}
		if m.GetIsLearner() {
			continue
		}
		voters++
		if m.GetName() != "" {
			started++
		}
	}
	if unnamed > 1 || name == "" && unnamed > 0 { // the new member has no name yet
		warnings = append(warnings, "ETCD_INITIAL_CLUSTER has an empty name, of a member that was never started: write the name that it starts with; \"member list\" shows the members")
	}
	if quorum := voters/2 + 1; voters > 0 && started < quorum {
		warnings = append(warnings, fmt.Sprintf("the cluster has no quorum until the new member runs: %d of its %d voting members must be up, and %d %s ever started; \"member list\" shows the others",
			quorum, voters, started, quantity.Verb(started, "was", "were")))
	}
	return warnings
}
