package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

// memberRemoveOptions holds the argument of "member remove".
type memberRemoveOptions struct {
	memberArg
}

func newMemberRemoveCmd(f *cli.Factory) *cobra.Command {
	opts := &memberRemoveOptions{}
	cmd := &cobra.Command{
		Use:   "remove ID|NAME",
		Short: "Remove a member",
		Long: `Remove a member from the cluster. Its etcd exits, and cannot join again with its
old data directory.`,
		Example: `  # Name the member by its ID,
  ectl member remove 8211f1d0f64f3269
  # or by its name.
  ectl member remove node3`,
		Args:              cli.Args(1, 1, "the ID or name of a member"),
		RunE:              runOnMember(f, opts, runMemberRemove),
		ValidArgsFunction: completions.Args(f, completions.Members),
	}
	return cli.Destroys(f, cmd, opts, cli.Destruction[*memberRemoveOptions]{Hits: memberRemoveHits})
}

// memberRemoveHits describes the member that is removed, and how many are left.
func memberRemoveHits(ctx context.Context, f *cli.Factory, opts *memberRemoveOptions) (string, error) {
	if err := opts.find(ctx, f); err != nil {
		return "", err
	}
	return cli.HitsOf(fmt.Sprintf("remove member %x", opts.ID), func() (string, error) {
		response, err := cli.Call(ctx, f, listMembers)
		if err != nil {
			return "", err
		}
		member := memberWith(opts.ID, response.Members)
		if member == nil {
			return "", nil // the server refuses it
		}
		left := len(response.Members) - 1
		return fmt.Sprintf(" (%s at %s): %s %s left", cmp.Or(member.GetName(), "not started"), strings.Join(member.GetPeerURLs(), ","),
			quantity.Of(left, "member"), quantity.Verb(left, "is", "are")), nil
	})
}

// Complete implements cli.Options.
func (o *memberRemoveOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	return o.parse(args[0])
}

func runMemberRemove(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *memberRemoveOptions) error {
	removed := memberBefore(ctx, f, c, opts.ID)
	response, err := c.MemberRemove(ctx, opts.ID)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Print(output.MemberRemoved(opts.ID, response)), f.Printer().Flush()); err != nil {
		return err
	}
	if removed != nil {
		sayRemoved(f, removed, len(response.Members))
	}
	return nil
}

// memberBefore returns the member before it is removed, for sayRemoved. It returns nil if
// no person reads the message.
func memberBefore(ctx context.Context, f *cli.Factory, c *etcd.Client, id uint64) *pb.Member {
	if !f.Explains() {
		return nil
	}
	response, err := c.MemberList(ctx)
	if err != nil {
		return nil
	}
	return memberWith(id, response.Members)
}

// memberWith returns the member with the ID, or nil.
func memberWith(id uint64, members []*pb.Member) *pb.Member {
	for _, member := range members {
		if member.GetID() == id {
			return member
		}
	}
	return nil
}

// sayRemoved prints which member was removed, how many are left, and the command that
// adds it again.
func sayRemoved(f *cli.Factory, removed *pb.Member, left int) {
	name := removed.GetName()
	if name == "" {
		name = "NAME"
	}
	if !f.DryRun() {
		f.Say(fmt.Sprintf("The cluster loses %s at %s: %s left.", name, strings.Join(removed.GetPeerURLs(), ","), quantity.Of(left, "member")))
	}
	args := []string{"member", "add", name, "--" + flagPeerURLs, strings.Join(removed.GetPeerURLs(), ",")}
	if removed.GetIsLearner() {
		args = append(args, "--learner")
	}
	if line, ok := f.CommandLine(args...); ok {
		f.Say("To take it back, with an empty data directory:")
		f.Say("    " + line)
	}
}
