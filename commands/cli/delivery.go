package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// Delivery is a generated password that the user has: it was printed in the first part of
// the result, or it is in a file.
type Delivery struct {
	f     *Factory
	parts *output.Parts // nil if the password is in a file
	file  string
}

// Deliver prints a generated password as the first part of a result, or writes it to the
// file of --new-user-password-out. If it fails, the password must not be set.
func (o *NewPassword) Deliver(ctx context.Context, f *Factory, first output.PasswordOfUser) (*Delivery, error) {
	d := &Delivery{f: f, file: o.Out}
	switch {
	case o.Out == "":
		d.parts = f.Printer().Parts()
		return d, f.Deliver(ctx, func() error { return d.parts.Begin(first) })
	case f.DryRun():
		return d, nil
	}
	return d, d.write(ctx, first.Password)
}

// write creates the file. It never replaces one.
func (d *Delivery) write(ctx context.Context, password string) error {
	set, err := atomicfile.WriteSet(false, atomicfile.Content{Path: d.file, Data: []byte(password + "\n"), Mode: 0o600})
	if err == nil {
		defer set.Abort()
		err = set.Commit(ctx)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return exit.With(exit.IO, fmt.Errorf("--%s: %s exists, so no password was generated: choose another name", flagNewPasswordOut, d.file))
	}
	return exit.With(exit.IO, fmt.Errorf("--%s: %w: a generated password would be lost, so it was not set", flagNewPasswordOut, err))
}

// Finish prints the result, or what is left of it.
func (d *Delivery) Finish(result output.Result) error {
	if d.parts == nil {
		return d.f.Print(result)
	}
	return d.parts.Finish(result)
}

// Fail prints what is left of the result of a failed command. It returns err with the
// effect on the password. A file with a password that is not in effect is removed.
func (d *Delivery) Fail(ctx context.Context, err error, effect secret.Effect, rest output.Result) error {
	if d.parts != nil {
		return d.f.FinishFailed(ctx, err, effect, d.parts, rest)
	}
	if effect == secret.NotInEffect {
		if d.f.DryRun() {
			return err
		}
		if removed := os.Remove(d.file); removed != nil {
			d.f.Warn(fmt.Sprintf("the password in %s is not in effect: %s", d.file, removed))
		}
		return err
	}
	outcome := fmt.Sprintf("the password in %s may or may not be in effect: check it with \"user check-password\"", d.file)
	if effect == secret.InEffect {
		outcome = fmt.Sprintf("the password in %s is in effect", d.file)
	}
	if ctx.Err() != nil { // the error of an interrupted command is not printed
		d.f.Say("Interrupted: " + outcome)
	}
	return diagnose.WithOutcome(err, outcome)
}
