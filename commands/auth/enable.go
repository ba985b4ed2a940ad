package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/output"
)

// enableOptions is what "auth enable" was asked to do.
type enableOptions struct {
	Check bool
}

const flagCheck = "check"

func newEnableCmd(f *cli.Factory, run func(context.Context, *enableOptions) error) *cobra.Command {
	opts := &enableOptions{}
	cmd := &cobra.Command{
		Use:   "enable",
		Short: "Turn authentication on",
		Long: `Turn authentication on. The user root must exist; the role root is created and
granted to it where that is missing.

With --check authentication stays off, and it is said why, where the identity in
use could not administer afterwards: it must be root, or a user with the role
root, with the right password or a certificate that the server takes. Passwords
cannot be tried before, so that authentication is on for a moment. To have the
user root made as well there is auth bootstrap.`,
		Example: `  ` + f.Program + ` auth enable
  ` + f.Program + ` auth enable --check --user root`,
		Args: cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			if run != nil {
				return run(ctx, opts)
			}
			return runEnable(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&opts.Check, flagCheck, false, "leave it off where root could not log in, or you could not administer, afterwards")
	return cmd
}

func runEnable(ctx context.Context, f *cli.Factory, opts *enableOptions) error {
	turnOn := func(ctx context.Context, f *cli.Factory) error {
		_, err := cli.Call(ctx, f, enable)
		return err
	}
	if opts.Check {
		turnOn = enableChecked
	}
	if err := turnOn(ctx, f); err != nil {
		return err
	}
	return f.Print(output.AuthSwitched{Enabled: true})
}

// enableChecked turns authentication on if root can log in and the identity in
// use can administer then.
func enableChecked(ctx context.Context, f *cli.Factory) error {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err != nil {
		return err
	}
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	on, err := reader.Enabled(ctx, client, f.Timeout)
	if err != nil {
		return err
	}
	if on {
		if err := prove(ctx, f, atOnce); err != nil {
			return diagnose.WithOutcome(err, "authentication is on already")
		}
		_, err := cli.Call(ctx, f, enable)
		return err
	}
	snapshot, err := reader.Read(ctx, client, f.Timeout)
	if err != nil {
		return err
	}
	if why := lockedOut(self, dialer.Secure(), snapshot.State); why != "" {
		return fmt.Errorf("authentication was not turned on: %s", why)
	}
	err = enableProven(ctx, f, f)
	if err == nil && self.User != access.RootUser {
		f.Warn("whether root itself can log in was not tried: " + self.User + " can, and holds the role root")
	}
	return err
}

// lockedOut says why self could not administer the cluster once authentication
// is on, as far as that can be seen before, or nothing.
func lockedOut(self etcd.Self, secure bool, state access.State) string {
	const say = "say who you are with --user, or with the certificate of a user"
	if _, there := state.Users[access.RootUser]; !there {
		return "the user root does not exist: add it with user add root, or have all of it done by auth bootstrap"
	}
	switch {
	case self.By == etcd.ByNothing:
		return "you name nobody, and nobody can administer then: " + say
	case self.By == etcd.ByToken:
		return "a token of before is not valid then: " + say
	case self.By == etcd.ByCertificate && !secure:
		return "the endpoints are talked to without TLS, where nobody is known by a certificate: " + say
	case self.User == "":
		return "the certificate has no common name, so that it stands for no user: " + say
	}
	user, there := state.Users[self.User]
	switch {
	case !there:
		return fmt.Sprintf("there is no user %s, whom you name", self.User)
	case self.User != access.RootUser && !slices.Contains(user.Roles, access.RootRole):
		return fmt.Sprintf("%s, whom you name, does not hold the role root, and could not administer", self.User)
	}
	return ""
}

// enable turns authentication on. The server says ErrRootRoleNotExist where
// the role root is missing, and also where the user root does not have it. An
// error after the role was added or granted says so.
func enable(ctx context.Context, c *etcd.Client) (*clientv3.AuthEnableResponse, error) {
	response, err := c.AuthEnable(ctx)
	if !errors.Is(err, rpctypes.ErrRootRoleNotExist) {
		return response, err
	}
	done := ""
	switch _, err := c.RoleAdd(ctx, access.RootRole); {
	case err == nil:
		done = "; the role root was added"
	case !errors.Is(err, rpctypes.ErrRoleAlreadyExist):
		return nil, err
	}
	if _, err := c.UserGrantRole(ctx, access.RootUser, access.RootRole); err != nil {
		return nil, fmt.Errorf("%w%s", err, done)
	}
	if response, err = c.AuthEnable(ctx); err != nil {
		return nil, fmt.Errorf("%w%s; the role root was granted to the user root", err, done)
	}
	return response, nil
}
