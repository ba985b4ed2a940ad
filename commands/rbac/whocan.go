package rbac

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

// whoCanOptions holds the arguments and flags of "rbac who-can".
type whoCanOptions struct {
	Access access.Access
	Keys   cli.KeyRange
}

func newWhoCanCmd(f *cli.Factory) *cobra.Command {
	opts := &whoCanOptions{}
	cmd := &cobra.Command{
		Use:   "who-can read|write|readwrite KEY [END]",
		Short: "List the users that may read or write keys, and why",
		Long: `List the users that may read or write keys. The keys are one key, the keys from
KEY up to END (without END), a prefix, or all keys from KEY on. For each user,
show whether it may access all or a part of them, and by which grants of which
roles. Only root may run this command.

While authentication is off, every client has full access: the answer then
applies once authentication is on.`,
		Example: `  # Show who may read this key, and why.
  ectl rbac who-can read /app/password
  # Show who may write some of these keys.
  ectl rbac who-can write /app/ --prefix -w table`,
		Args:              cli.Args(2, 3, "read, write or readwrite, and a key [and an end key]"),
		RunE:              cli.Run(f, opts, runWhoCan),
		ValidArgsFunction: completions.Args(f, completions.AccessKinds, completions.Keys, completions.Keys),
	}
	opts.Keys.AddFlags(cmd.Flags(), "check")
	return cli.FormatsOf(cmd, output.WhoCan{})
}

// Complete implements cli.Options.
func (o *whoCanOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) (err error) {
	if o.Access, err = cli.ParseAccess(args[0]); err != nil {
		return err
	}
	return o.Keys.Complete(args[1:], cli.EmptyKeyRefused)
}

func runWhoCan(ctx context.Context, f *cli.Factory, opts *whoCanOptions) error {
	snapshot, err := reader.ReadAs(ctx, f.Session)
	if err != nil {
		return err
	}
	warnWhileOff(f, snapshot)
	holders, err := iostreams.Await(ctx, func() ([]access.Holder, error) { return snapshot.WhoCan(opts.Access, opts.Keys.Range()), nil })
	if err != nil {
		return err
	}
	if len(holders) == 0 && !f.Quiet {
		f.Say("no user has this access")
	}
	return f.Print(output.WhoCan{Access: opts.Access, Range: opts.Keys.Range(), Holders: holders})
}
