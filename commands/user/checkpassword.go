package user

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// checkPasswordOptions holds the arguments and flags of "user check-password".
type checkPasswordOptions struct {
	Name        string
	Interactive bool   // prompt for the password; otherwise read a line of standard input
	File        string // its first line is the password
}

const flagUserPasswordFile = "user-password-file"

func newCheckPasswordCmd(f *cli.Factory) *cobra.Command {
	opts := &checkPasswordOptions{}
	cmd := &cobra.Command{
		Use:   "check-password NAME",
		Short: "Check whether a password is a user's",
		Long: `Check with a login whether a password is a user's. The command needs no login of
its own: --user is ignored. The password is prompted for, or read from a file or
from standard input.

The server checks passwords only while authentication is on.

Exit status: 0 for yes, 1 for no and for errors. Errors are printed on standard
error. With --quiet, the answer is not printed.`,
		Example: `  # Prompt for the password.
  ectl user check-password bob
  # Check a password from a file, in a script.
  ectl user check-password bob --user-password-file bob.password --quiet &&
    echo yes`,
		Args:              cli.Args(1, 1, "a user name"),
		RunE:              cli.Run(f, opts, runCheckPassword),
		ValidArgsFunction: completions.Args(f, completions.Users),
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.Interactive, "interactive", true, "prompt for the password; with =false, read one line of standard input")
	secret.FileVar(flags, &opts.File, flagUserPasswordFile, "`file` with the password in its first line (-: standard input)")
	return cli.FormatsOf(cmd, output.PasswordChecked{})
}

// Complete implements cli.Options.
func (o *checkPasswordOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name = args[0]
	if o.Name == "" {
		return errNoUserName()
	}
	return nil
}

func runCheckPassword(ctx context.Context, f *cli.Factory, opts *checkPasswordOptions) error {
	password, err := opts.read(ctx, f)
	if err != nil {
		return err
	}
	// The dialer of this user warns if the password would be sent unencrypted.
	dialer, err := etcd.NewDialer(ctx, f.Connection.As(opts.Name, password), f.Prompter, f.Warn)
	if err != nil {
		return err
	}
	client, err := dialer.DialUnnamed(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	answer := output.PasswordChecked{User: opts.Name}
	switch err := f.Login(ctx, client, opts.Name, password); {
	case err == nil:
		answer.Right = true
	case errors.Is(err, rpctypes.ErrAuthFailed):
		answer.Reason = "it is another one, or there is no such user"
	case etcd.IsNoPasswordUser(err):
		answer.Reason = "it has none: it is known by its certificate"
	case errors.Is(err, rpctypes.ErrAuthNotEnabled):
		return diagnose.WithReason(err, "the server checks passwords only while it is on; \"auth enable\" turns it on")
	default:
		return client.Explain(ctx, err)
	}
	if !f.Quiet {
		if err := f.Print(answer); err != nil {
			return err
		}
	}
	if !answer.Right {
		return exit.Answer(exit.Error)
	}
	return nil
}

func (o *checkPasswordOptions) read(ctx context.Context, f *cli.Factory) (password string, err error) {
	switch {
	case o.File != "":
		var warning string
		password, warning, err = secret.ReadFile(ctx, o.File, f.Prompter.Stdin())
		if warning != "" {
			f.Warn(warning)
		}
		if err != nil {
			err = exit.BadArgsf("--%s: %w", flagUserPasswordFile, err)
		}
	case o.Interactive:
		password, err = f.Prompter.Secret(ctx, fmt.Sprintf("Password of %s: ", o.Name))
	default:
		if password, err = f.Prompter.Line(ctx); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	switch {
	case err != nil:
	case password == "":
		err = exit.With(exit.BadArgs, prompt.ErrEmptyPassword)
	default:
		err = exit.With(exit.BadArgs, secret.CheckText(password, "the password"))
	}
	return password, err
}
