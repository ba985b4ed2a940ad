package user

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// newPassword is where a new password comes from, besides a prompt.
type newPassword struct {
	Interactive bool   // ask for it, twice; otherwise it is a line of stdin
	File        string // its first line
	Generate    bool
	Value       string // given in argv
	given       bool   // Value was given in argv though it may be empty
}

const (
	flagFile     = "new-user-password-file"
	flagGenerate = "generate-password"
)

func (o *newPassword) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Interactive, "interactive", true, "ask for the password; with =false, read it as one line of standard input")
	fs.StringVar(&o.File, flagFile, "", "`file` whose first line is the password (-: standard input)")
	fs.BoolVar(&o.Generate, flagGenerate, false, "make a random password and print it, once")
}

// validate refuses more than one source. others are the names of further
// sources that were given.
func (o *newPassword) validate(format output.Format, others ...string) error {
	sources := others
	if o.File != "" {
		sources = append(sources, "--"+flagFile)
	}
	if o.Generate {
		sources = append(sources, "--"+flagGenerate)
	}
	if len(sources) > 1 {
		return exit.BadArgsf("%s and %s both say what the password is: choose one", sources[0], sources[1])
	}
	if o.Generate && format == output.Protobuf {
		return exit.BadFeaturef("the format protobuf has no place for the password of --%s: choose another", flagGenerate)
	}
	return nil
}

// read returns the new password of the user name. generated is the same where
// it was made here, and is to be shown.
func (o *newPassword) read(ctx context.Context, f *cli.Factory, name string) (password, generated string, err error) {
	switch {
	case o.Value != "" || o.given:
		return o.Value, "", nil
	case o.Generate:
		password, err = secret.Generate()
		return password, password, err
	case o.File != "":
		password, err = o.readFile(f)
	case o.Interactive:
		password, err = f.Prompter.NewPassword(ctx, name)
		if err != nil && ctx.Err() == nil {
			err = exit.With(exit.BadArgs, err)
		}
	default:
		password, err = f.Prompter.Line(ctx)
		if err == nil && password == "" {
			err = exit.With(exit.BadArgs, fmt.Errorf("%w: the first line of standard input has none", prompt.ErrEmptyPassword))
		}
	}
	return password, "", err
}

func (o *newPassword) readFile(f *cli.Factory) (string, error) {
	password, warning, err := secret.ReadFile(o.File, f.Prompter.Stdin())
	if err != nil {
		return "", exit.With(exit.BadArgs, fmt.Errorf("--%s: %w", flagFile, err))
	}
	if warning != "" {
		f.Warn(warning)
	}
	return password, nil
}
