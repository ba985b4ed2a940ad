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

// offboardOptions is what "user offboard" was asked to do.
type offboardOptions struct {
	Name     string
	IfExists bool
}

func newOffboardCmd(f *cli.Factory) *cobra.Command {
	opts := &offboardOptions{}
	cmd := &cobra.Command{
		Use:   "offboard NAME",
		Short: "Take everything from a user who leaves",
		Long: `Revoke a user's roles and delete it, and say what cannot be cut from here:
watches that it has open go on, and leases live as long as it keeps them alive.

The user root, and the one that the command runs as, are refused.`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runOffboard),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	cmd.Flags().BoolVar(&opts.IfExists, "if-exists", false, "succeed, and change nothing, where there is no such user")
	return cmd
}

// Complete implements cli.Options.
func (o *offboardOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	if o.Name == access.RootUser {
		return exit.BadArgsf("root is not offboarded: without it nobody could administer users; to replace its password there is user passwd root")
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
	// What was done stands before what was not.
	if err := errors.Join(f.Print(result), f.Printer().Flush()); err != nil {
		return err
	}
	if f.Quiet {
		return nil
	}
	f.Say("What " + opts.Name + " has open is not cut: watches go on until they reconnect, leases live as long as they are kept alive. To cut that, end its clients or their connections; lease list shows the leases, lease revoke ends one with its keys.")
	return nil
}

// notOneself refuses the identity in use.
func notOneself(ctx context.Context, f *cli.Factory, name string) error {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err == nil && self.User == name {
		err = exit.BadArgsf("%s is the user that this command runs as: let somebody else offboard it", name)
	}
	return err
}

// ended makes a request that takes something away. That somebody else has taken
// it meanwhile is as good.
func ended(ctx context.Context, f *cli.Factory, gone error, request session.Request) error {
	err := f.DoAfterChange(ctx, request)
	if errors.Is(err, gone) {
		return nil
	}
	return err
}

// offboarded says how far an offboarding that failed has come.
func offboarded(name string, revoked []string) string {
	if len(revoked) == 0 {
		return "the user " + name + " is not deleted, and none of its roles is known to be revoked; run the command again"
	}
	return fmt.Sprintf("the user %s is not deleted; revoked from it: %s; run the command again", name, strings.Join(revoked, ", "))
}
