// Package login holds the commands that keep a login for later commands: "ectl login" and
// "ectl logout".
package login

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/login"
	"github.com/ectl-io/ectl/output"
)

// loginOptions holds the flags of "login".
type loginOptions struct {
	Status bool
	User   string // whose status is shown; empty for the latest login
}

// NewLoginCmd returns the command "login".
func NewLoginCmd(f *cli.Factory) *cobra.Command {
	opts := &loginOptions{}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Log in once for many commands",
		Long: `Log in with a user and a password, and keep the token that the server returns.
Later commands at the same endpoints use it if they give no user, or this user
without a password. They do not send the password again, which costs the server
much less time.

The token is kept in a file that only you can read: in $XDG_RUNTIME_DIR, which
ends with your session, or else in your cache folder. The password is not kept.
The login is bound to the endpoints, --cacert, --cert and the name of this
program.

A simple token lives until it was not used for the time of the server's option
--auth-token-ttl, by default five minutes. A JWT has a fixed end. A command
whose login has expired reports it, and continues with the user and the password
that it was given.

With --status, the command shows who is logged in, where, since when and until
when. It sends no request. Exit status with --status: 1 if no login is kept.`,
		Example: `  # Log in once. Later commands use the token.
  ectl login --user root
  # Show who is logged in.
  ectl login --status
  # Forget the login.
  ectl logout`,
		GroupID: cli.GroupAuth,
		Args:    cli.NoArgs,
		RunE:    cli.Run(f, opts, runLogin),
	}
	cmd.Flags().BoolVar(&opts.Status, "status", false, "show the login that is kept")
	return cli.Extension(cli.FormatsOf(cmd, output.Login{}))
}

// Complete implements cli.Options.
func (o *loginOptions) Complete(f *cli.Factory, _ *cobra.Command, _ []string) error {
	f.Connection.ForgetLogin()
	o.User = f.Connection.User
	return nil
}

func runLogin(ctx context.Context, f *cli.Factory, opts *loginOptions) error {
	store, err := f.Logins()
	if err != nil {
		return exit.With(exit.IO, fmt.Errorf("keep the login: %w", err))
	}
	if opts.Status {
		return showStatus(f, store, opts.User)
	}
	if f.Connection.User == "" {
		return exit.BadArgsf("a login needs a user and a password: give --user")
	}
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err != nil {
		return err
	}
	if self.By != etcd.ByPassword {
		return exit.BadArgsf("a login needs a user and a password: a %s needs none", self.By)
	}
	token, err := newToken(ctx, f, dialer)
	if err != nil {
		return err
	}
	kept := login.Login{User: self.User, Endpoints: f.Connection.Endpoints, Token: token, Since: time.Now(), Expiry: etcd.ReadToken(token).Expiry}
	if err := store.Save(f.LoginPlace(), kept); err != nil {
		return exit.With(exit.IO, fmt.Errorf("keep the login: %w", err))
	}
	return f.Print(result(kept))
}

// newToken logs in and returns the token.
func newToken(ctx context.Context, f *cli.Factory, dialer *etcd.Dialer) (string, error) {
	client, err := dialer.DialUnnamed(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = client.Close() }()
	timed, cancel := f.Timeout(ctx)
	defer cancel()
	token, err := dialer.NewToken(timed, client)
	switch {
	case errors.Is(err, rpctypes.ErrAuthNotEnabled):
		return "", fmt.Errorf("%w: commands need no login", err)
	case err != nil:
		return "", exit.With(exit.BadConnection, client.Explain(ctx, err))
	}
	return token, nil
}

func showStatus(f *cli.Factory, store *login.Store, user string) error {
	kept, err := store.Find(f.LoginPlace(), user)
	switch {
	case err != nil:
		return exit.With(exit.IO, err)
	case kept == nil, kept.Expired():
		return fmt.Errorf("no login is kept for %s: run \"%s login --user NAME\"", strings.Join(f.Connection.Endpoints, ","), f.Program)
	}
	return f.Print(result(*kept))
}

func result(l login.Login) output.Login {
	return output.Login{User: l.User, Endpoints: l.Endpoints, Since: l.Since, Expiry: l.Expiry}
}
