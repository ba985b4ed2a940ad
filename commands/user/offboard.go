package user

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/session"
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
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runOffboard),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed without a change if the user does not exist")
	return cmd
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
	user, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserGetResponse, error) {
		return c.UserGet(ctx, opts.Name)
	})
	if errors.Is(err, rpctypes.ErrUserNotFound) && opts.IfExists {
		f.Say(doesNotExist(opts.Name) + ": unchanged")
		return f.Print(output.UserOffboarded{Name: opts.Name, Idempotent: true})
	}
	if err != nil {
		return err
	}
	result := output.UserOffboarded{Name: opts.Name, Idempotent: opts.IfExists}
	for _, role := range user.Roles {
		err := ended(ctx, f, rpctypes.ErrRoleNotGranted, func(ctx context.Context, c *etcd.Client) error {
			_, err := c.UserRevokeRole(ctx, opts.Name, role)
			return err
		})
		if err != nil {
			return diagnose.WithOutcome(err, offboarded(opts.Name, result.Roles))
		}
		result.Roles = append(result.Roles, role)
	}
	err = ended(ctx, f, rpctypes.ErrUserNotFound, func(ctx context.Context, c *etcd.Client) error {
		response, err := c.UserDelete(ctx, opts.Name)
		if err == nil {
			result.Header = response.Header
		}
		return err
	})
	if err != nil {
		return diagnose.WithOutcome(err, offboarded(opts.Name, result.Roles))
	}
	result.Deleted = true
	// The result is printed before the note about what remains.
	if err := errors.Join(f.Print(result), f.Printer().Flush()); err != nil {
		return err
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

// ended makes a request that removes something. The error gone, which a concurrent
// removal causes, counts as success.
func ended(ctx context.Context, f *cli.Factory, gone error, request session.Request) error {
	err := f.DoAfterChange(ctx, request)
	if errors.Is(err, gone) {
		return nil
	}
	return err
}

// offboarded describes which steps of a failed offboarding are done.
func offboarded(name string, revoked []string) string {
	if len(revoked) == 0 {
		return "the user " + name + " is not deleted, and none of its roles is known to be revoked; run the command again"
	}
	return fmt.Sprintf("the user %s is not deleted; revoked from it: %s; run the command again", name, strings.Join(revoked, ", "))
}
