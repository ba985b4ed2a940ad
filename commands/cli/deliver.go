package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
	"github.com/ectl-io/ectl/output"
)

// Deliver prints generated passwords with write, and returns after they are delivered.
// Requests that set one of the passwords are sent only afterwards. They are not sent if
// the reader of a pipe has exited before it read everything.
func (f *Factory) Deliver(ctx context.Context, write func() error) error {
	if err := f.Streams.Keeps(); err != nil {
		return notDelivered(err)
	}
	err := write()
	if err == nil {
		err = f.printer.Flush()
	}
	if err == nil {
		err = f.Streams.Delivered(ctx)
	}
	if ctx.Err() != nil {
		return err
	}
	// A reader that keeps the pipe open without reading can exit at any time.
	f.Connection.Changes.BeforePassword(func() error { return notDelivered(f.Streams.Lost()) })
	return notDelivered(err)
}

func notDelivered(err error) error {
	if err == nil {
		return nil
	}
	return exit.With(exit.IO, fmt.Errorf("%w: a generated password would be lost, so it was not set", err))
}

// effectLimit is the timeout of EffectOf.
const effectLimit = 5 * time.Second

// EffectOf determines whether a printed password is in effect. It sends the request ask
// in the session who, and passes the error to effect. The session needs its own client,
// because the client of an interrupted command is closed.
func EffectOf(ctx context.Context, who *session.Session, ask session.Request, effect func(error) secret.Effect) secret.Effect {
	defer who.Disconnect()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effectLimit)
	defer cancel()
	return effect(who.Do(ctx, ask))
}

// FinishFailed prints the rest of a result that starts with a password. It returns err
// with the effect on the password. For an interrupted command, it prints the effect
// immediately, because the error of such a command is not printed.
func (f *Factory) FinishFailed(ctx context.Context, err error, effect secret.Effect, parts *output.Parts, rest output.Result) error {
	if f.Streams.Lost() == nil { // otherwise the write would terminate the program
		_ = parts.Finish(rest) // the first error takes precedence
	}
	if ctx.Err() != nil {
		f.Say("Interrupted: " + effect.String())
	}
	return diagnose.WithOutcome(err, effect.String())
}
