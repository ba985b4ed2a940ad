package user

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/output"
)

// passwdOptions holds the arguments and flags of "user passwd".
type passwdOptions struct {
	Name     string
	Password cli.NewPassword
}

func newPasswdCmd(f *cli.Factory) *cobra.Command {
	opts := &passwdOptions{Password: cli.NewPassword{AllowEmpty: true}}
	cmd := &cobra.Command{
		Use:   "passwd NAME",
		Short: "Change a user's password",
		Long: `Change a user's password. The new password is prompted for, read from a file, or
generated.

While authentication is on, the new password is verified with a login. A user
that was added without a password cannot be given one, but the server does not
report this.`,
		Example: `  # Prompt for the new password.
  ectl user passwd bob
  # Read it from a file.
  ectl user passwd bob --new-user-password-file bob.password`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runPasswd),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	opts.Password.AddFlags(cmd.Flags())
	opts.Password.AddOutFlag(cmd.Flags())
	return cmd
}

// Complete implements cli.Options.
func (o *passwdOptions) Complete(f *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	o.Password.WarnOfLoginPassword(f)
	return o.Password.Validate(f.Printer().Format())
}

func runPasswd(ctx context.Context, f *cli.Factory, opts *passwdOptions) error {
	if opts.Password.Generate {
		return runPasswdGenerated(ctx, f, opts)
	}
	if opts.Password.AsksFirst(f) { // a missing user is found before the question
		if _, err := cli.CallWith(ctx, f, (*etcd.Client).UserGet, opts.Name); err != nil && !retry.Is(err, retry.Denied) {
			return err
		}
	}
	password, err := opts.Password.Read(ctx, f, opts.Name)
	if err != nil {
		return err
	}
	response, err := opts.change(ctx, f, password)
	if err != nil {
		return err
	}
	return f.Print(output.PasswordChanged(opts.Name, response))
}

func (o *passwdOptions) change(ctx context.Context, f *cli.Factory, password string) (*clientv3.AuthUserChangePasswordResponse, error) {
	response, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserChangePasswordResponse, error) {
		return c.UserChangePassword(ctx, o.Name, password)
	})
	if err != nil {
		return nil, err
	}
	return response, verifyPassword(ctx, f, o.Name, password)
}

// runPasswdGenerated changes the password to a generated one. It prints the new
// password first. Until then, the old password stays valid.
func runPasswdGenerated(ctx context.Context, f *cli.Factory, opts *passwdOptions) error {
	if _, err := cli.CallWith(ctx, f, (*etcd.Client).UserGet, opts.Name); err != nil {
		return err
	}
	password, err := opts.Password.Read(ctx, f, opts.Name)
	if err != nil {
		return err
	}
	delivery, err := opts.Password.Deliver(ctx, f, output.PasswordOfUser{GeneratedPassword: output.GeneratedPassword{User: opts.Name, Password: password}})
	if err != nil {
		return err
	}
	response, err := opts.change(ctx, f, password)
	result := output.PasswordChanged(opts.Name, response).Idempotent()
	if err == nil {
		return delivery.Finish(result)
	}
	effect := secret.NotInEffect
	if retry.OutcomeUnknown(err) {
		effect = cli.EffectOf(ctx, f.As("", ""), login(opts.Name, password), effectByLogin)
	}
	return delivery.Fail(ctx, err, effect, result.Failed(effect != secret.NotInEffect))
}

// effectByLogin returns whether a password is in effect. err is the error of a login with it.
func effectByLogin(err error) secret.Effect {
	switch {
	case err == nil:
		return secret.InEffect
	case errors.Is(err, rpctypes.ErrAuthFailed), etcd.IsNoPasswordUser(err):
		return secret.NotInEffect
	}
	return secret.EffectUnknown
}

// verifyPassword verifies the new password with a login. For a user without a
// password, the server reports success but changes nothing. Only a login shows this,
// and only while authentication is on. Other errors of the login are ignored.
func verifyPassword(ctx context.Context, f *cli.Factory, name, password string) error {
	err := f.Do(ctx, login(name, password))
	if errors.Is(err, rpctypes.ErrAuthFailed) || etcd.IsNoPasswordUser(err) {
		return fmt.Errorf("the password of %s was not changed: the user was added without a password and is identified by its certificate; to give it one, delete it and add it again", name)
	}
	if errors.Is(err, rpctypes.ErrAuthNotEnabled) {
		f.Warn("authentication is off, so the new password was not verified: a user that was added without a password still has none")
	}
	return nil
}

func login(name, password string) session.Request {
	return func(ctx context.Context, c *etcd.Client) error {
		_, err := c.Authenticate(ctx, name, password)
		return err
	}
}
