package rbac

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

// whoCanOptions is what "rbac who-can" was asked.
type whoCanOptions struct {
	Access access.Access
	Keys   cli.KeyRange
}

func newWhoCanCmd(f *cli.Factory) *cobra.Command {
	opts := &whoCanOptions{}
	cmd := &cobra.Command{
		Use:   "who-can read|write|readwrite KEY [END]",
		Short: "Ask who is allowed something, and by which role",
		Long: `Ask which users may read or write a key, the keys from KEY up to END (without
END), a prefix, or all keys from KEY on: all of them, or a part, and by which
grants of which roles. Only root may ask that.

While authentication is off, everybody may do everything: the answer is then
what will hold once it is on.`,
		Example: `  ectl rbac who-can read /app/password
  ectl rbac who-can write /app/ --prefix -w table`,
		Args:              cli.Args(2, 3, "read, write or readwrite, and a key [and an end key]"),
		RunE:              cli.Run(f, opts, runWhoCan),
		ValidArgsFunction: completions.Args(f, completions.AccessKinds, completions.Keys, completions.Keys),
	}
	opts.Keys.AddFlags(cmd.Flags(), "ask about")
	return cli.FormatsOf(cmd, output.WhoCan{})
}

// Complete implements cli.Options.
func (o *whoCanOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) (err error) {
	if o.Access, err = access.ParseAccess(args[0]); err != nil {
		return exit.With(exit.BadArgs, err)
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
		f.Say("nobody is allowed that")
	}
	return f.Print(output.WhoCan{Access: opts.Access, Range: opts.Keys.Range(), Holders: holders})
}
