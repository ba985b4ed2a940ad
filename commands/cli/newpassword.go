package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// NewPassword selects the source of a new password.
type NewPassword struct {
	Interactive bool   // prompt twice; otherwise read a line of standard input
	File        string // its first line is the password
	Generate    bool
	Out         string // file for the generated password, instead of printing it
	Value       string // given on the command line
	Given       bool   // Value was given on the command line, possibly empty
	AllowEmpty  bool   // an empty line of standard input is a password, as in etcdctl
}

const (
	flagNewPasswordFile  = "new-user-password-file"
	flagGeneratePassword = "generate-password"
	flagNewPasswordOut   = "new-user-password-out"
)

// AddFlags binds the sources to flags, except a value on the command line.
func (o *NewPassword) AddFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Interactive, "interactive", true, "prompt for the password; with =false, read one line of standard input")
	secret.FileVar(fs, &o.File, flagNewPasswordFile, "`file` with the password in its first line (-: standard input)")
	fs.BoolVar(&o.Generate, flagGeneratePassword, false, "generate a random password, and print it once before it is set")
}

// AddOutFlag binds the file for a generated password to a flag.
func (o *NewPassword) AddOutFlag(fs *pflag.FlagSet) {
	fs.StringVar(&o.Out, flagNewPasswordOut, "", "write the generated password to this new `file` instead of printing it")
}

// Validate refuses more than one source. others are the names of other sources that were
// given.
func (o *NewPassword) Validate(format output.Format, others ...string) error {
	sources := others
	if o.File != "" {
		sources = append(sources, "--"+flagNewPasswordFile)
	}
	if o.Generate {
		sources = append(sources, "--"+flagGeneratePassword)
	}
	if len(sources) > 1 {
		return exit.BadArgsf("%s and %s both give the password: choose one", sources[0], sources[1])
	}
	if o.Out != "" && !o.Generate {
		return exit.BadArgsf("--%s needs --%s", flagNewPasswordOut, flagGeneratePassword)
	}
	if o.Generate && o.Out == "" && format == output.Protobuf {
		return exit.BadFeaturef("the format protobuf cannot contain the password of --%s: choose another format", flagGeneratePassword)
	}
	return nil
}

// WarnOfLoginPassword warns if the password of the login is given without a login. It is
// probably meant to be the new password.
func (o *NewPassword) WarnOfLoginPassword(f *Factory) {
	if f.globals.Changed(flagLoginPassword) && f.Connection.User == "" {
		f.Warn(fmt.Sprintf("--%s is the password of the login (--user), not the new password: give that with --%s", flagLoginPassword, flagNewPasswordFile))
	}
}

// flagLoginPassword is the global flag of the login's password.
const flagLoginPassword = "password"

// AsksFirst reports whether a question can be spared by a request that precedes it: the
// password is typed twice at a terminal. A question for the login's password would come
// first then, so under the name etcdctl there is no such request.
func (o *NewPassword) AsksFirst(f *Factory) bool {
	given := o.Value != "" || o.Given || o.File != "" || o.Generate || f.DryRun()
	return o.Interactive && !given && f.Prompter.Interactive() && (!f.AsEtcdctl() || !f.Connection.Asks())
}

// Read returns the new password of the user name. A generated password must be printed
// with Factory.Deliver.
func (o *NewPassword) Read(ctx context.Context, f *Factory, name string) (password string, err error) {
	switch {
	case o.Value != "" || o.Given:
		if o.Value == "" {
			f.Warn(fmt.Sprintf("no password after the colon: the new password of %s is empty", name))
		}
		return o.Value, nil
	case f.DryRun() && o.File == "": // no password is needed, as none is sent
		return secret.Generate(), nil
	case o.Generate:
		return secret.Generate(), nil
	case o.File != "":
		password, err = o.readFile(ctx, f)
	case o.Interactive:
		password, err = f.Prompter.NewPassword(ctx, name)
		if err != nil && ctx.Err() == nil {
			err = exit.With(exit.BadArgs, err)
		}
	default:
		password, err = o.readLine(ctx, f, name)
	}
	return password, err
}

// readLine reads the password from standard input. If there is no line, it returns an
// error: the command before the pipe may have failed.
func (o *NewPassword) readLine(ctx context.Context, f *Factory, name string) (string, error) {
	password, err := f.Prompter.Line(ctx)
	switch {
	case errors.Is(err, io.EOF):
		return "", exit.With(exit.BadArgs, fmt.Errorf("%w: standard input has no line", prompt.ErrEmptyPassword))
	case err != nil:
	case password != "":
		err = exit.With(exit.BadArgs, secret.CheckText(password, "the line on standard input"))
	case o.AllowEmpty:
		f.Warn(fmt.Sprintf("the line on standard input is empty: the new password of %s is empty", name))
	default:
		err = exit.With(exit.BadArgs, fmt.Errorf("%w: the line on standard input is empty", prompt.ErrEmptyPassword))
	}
	return password, err
}

func (o *NewPassword) readFile(ctx context.Context, f *Factory) (string, error) {
	password, warning, err := secret.ReadFile(ctx, o.File, f.Prompter.Stdin())
	if err != nil {
		return "", exit.With(exit.BadArgs, fmt.Errorf("--%s: %w", flagNewPasswordFile, err))
	}
	if warning != "" {
		f.Warn(warning)
	}
	return password, nil
}
