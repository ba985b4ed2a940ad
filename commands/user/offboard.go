package user

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/offboard"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// offboardOptions holds the arguments and flags of "user offboard".
type offboardOptions struct {
	Name     string
	IfExists bool
}

func newOffboardCmd(f *cli.Factory) *cobra.Command {
	opts := &offboardOptions{}
	cmd := &cobra.Command{
		Use:   "offboard NAME",
		Short: "Revoke all roles of a user and delete it",
		Long: `Revoke all roles of a user and delete it. Its open watches continue until it
reconnects. Its leases live as long as it keeps them alive.

The user root and the user that runs the command are refused.`,
		Example: `  # Remove a user who leaves.
  ectl user offboard bob`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runOffboard),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed without a change if the user does not exist")
	return cli.Destroys(f, cmd, opts, cli.Destruction[*offboardOptions]{Hits: offboardHits})
}

// offboardHits describes the user that is offboarded.
func offboardHits(ctx context.Context, f *cli.Factory, opts *offboardOptions) (string, error) {
	return userHits(ctx, f, "offboard user ", opts.Name)
}

// Complete implements cli.Options.
func (o *offboardOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	if o.Name == access.RootUser {
		return exit.BadArgsf("root cannot be offboarded: no user could administer users without it; to change its password, use \"user passwd root\"")
	}
	return nil
}

func runOffboard(ctx context.Context, f *cli.Factory, opts *offboardOptions) error {
	if err := notOneself(ctx, f, opts.Name); err != nil {
		return err
	}
	before, known := f.AccessBefore(ctx)
	done, err := offboard.Run(ctx, f.Session, opts.Name)
	if errors.Is(err, rpctypes.ErrUserNotFound) && !done.There && opts.IfExists {
		f.Say(doesNotExist(opts.Name) + ": unchanged")
		return f.Print(output.UserOffboarded{Name: opts.Name, Idempotent: true})
	}
	if err != nil {
		return err
	}
	result := output.UserOffboarded{Name: opts.Name, Roles: done.Roles, Header: done.Header, Deleted: true, Idempotent: opts.IfExists}
	// The result is printed before the note about what remains.
	if err := errors.Join(f.Print(result), f.Printer().Flush()); err != nil {
		return err
	}
	if known {
		f.SayLost(before, before.WithoutUser(opts.Name))
	}
	if f.Quiet {
		return nil
	}
	f.Say("Open connections of " + opts.Name + " are not closed: its watches continue until they reconnect, its leases live as long as they are kept alive. To end them, stop its clients or close their connections; \"lease list\" lists leases, \"lease revoke\" revokes one and deletes its keys.")
	return nil
}

// notOneself refuses the user that runs the command.
func notOneself(ctx context.Context, f *cli.Factory, name string) error {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err == nil && self.User == name {
		err = exit.BadArgsf("%s is the user that runs this command: run it as another user", name)
	}
	return err
}
