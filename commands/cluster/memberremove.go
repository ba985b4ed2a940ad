package cluster

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

// memberRemoveOptions holds the argument of "member remove".
type memberRemoveOptions struct {
	ID uint64
}

func newMemberRemoveCmd(f *cli.Factory) *cobra.Command {
	opts := &memberRemoveOptions{}
	return &cobra.Command{
		Use:   "remove ID",
		Short: "Remove a member",
		Long: `Remove a member from the cluster. Its etcd exits, and cannot join again with its
old data directory.`,
		Example: `  ectl member remove 8211f1d0f64f3269`,
		Args:    cli.Args(1, 1, "a member ID"),
		RunE:    cli.RunRequest(f, opts, runMemberRemove),
	}
}

// Complete implements cli.Options.
func (o *memberRemoveOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	var err error
	if o.ID, err = parseMemberID(args[0]); err != nil {
		return err
	}
	return nil
}

func runMemberRemove(ctx context.Context, f *cli.Factory, c *etcd.Client, opts *memberRemoveOptions) error {
	response, err := c.MemberRemove(ctx, opts.ID)
	if err != nil {
		return err
	}
	return f.Print(output.MemberRemoved(opts.ID, response))
}
