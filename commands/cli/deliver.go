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

// Deliver prints what holds generated passwords, and returns when it is out. A
// request that makes one of them a user's is sent only after that, and only if the
// reader of a pipe has not gone away without reading.
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
	// A reader that only keeps the pipe open may go away at any time.
	f.Connection.Changes.BeforePassword(func() error { return notDelivered(f.Streams.Lost()) })
	return notDelivered(err)
}

func notDelivered(err error) error {
	if err == nil {
		return nil
	}
	return exit.With(exit.IO, fmt.Errorf("%w: a generated password would be lost, so it was not set", err))
}

// effectLimit is how long EffectOf tries to find out.
const effectLimit = 5 * time.Second

// EffectOf finds out with ask, whose errors are handed to effect, whether a printed
// password is its user's. It asks as who, which needs a client of its own: that of
// an interrupted command has ended.
func EffectOf(ctx context.Context, who *session.Session, ask session.Request, effect func(error) secret.Effect) secret.Effect {
	defer who.Disconnect()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effectLimit)
	defer cancel()
	return effect(who.Do(ctx, ask))
}

// FinishFailed prints the rest of a result whose beginning has a password, and
// returns err, which says whether the password is in effect. It says so at once of
// an interrupted command, no error of which is printed.
func (f *Factory) FinishFailed(ctx context.Context, err error, effect secret.Effect, parts *output.Parts, rest output.Result) error {
	if f.Streams.Lost() == nil { // to write would end the program
		_ = parts.Finish(rest) // the first error counts
	}
	if ctx.Err() != nil {
		f.Say("Interrupted: " + effect.String())
	}
	return diagnose.WithOutcome(err, effect.String())
}
