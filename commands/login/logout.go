package login

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/output"
)

// logoutOptions holds the user of "logout".
type logoutOptions struct {
	User string // empty for all users
}

// NewLogoutCmd returns the command "logout".
func NewLogoutCmd(f *cli.Factory) *cobra.Command {
	opts := &logoutOptions{}
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Forget the logins that \"login\" has kept",
		Long: `Forget the logins that "login" has kept for these endpoints. With --user, only
that of this user is forgotten. No request is sent: the token stays valid at the
server until it expires.`,
		Example: `  # Forget the login at these endpoints.
  ectl logout
  # Forget that of one user.
  ectl logout --user root`,
		GroupID: cli.GroupAuth,
		Args:    cli.NoArgs,
		RunE:    cli.Run(f, opts, runLogout),
	}
	return cli.Extension(cli.FormatsOf(cmd, output.Logout{}))
}

// Complete implements cli.Options.
func (o *logoutOptions) Complete(f *cli.Factory, _ *cobra.Command, _ []string) error {
	f.Connection.ForgetLogin()
	o.User = f.Connection.User
	return nil
}

func runLogout(_ context.Context, f *cli.Factory, opts *logoutOptions) error {
	store, err := f.Logins()
	if err != nil {
		return nil //nolint:nilerr // without a folder, no login was kept
	}
	removed, err := store.Remove(f.LoginPlace(), opts.User)
	if err != nil {
		return exit.With(exit.IO, fmt.Errorf("forget the login: %w", err))
	}
	if len(removed) == 0 {
		f.Say("no login is kept: unchanged")
	}
	return f.Print(output.Logout{Users: removed})
}
