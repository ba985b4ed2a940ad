// Package diagnose finds out why a connection or a request failed.
//
// When a deadline has passed, client/v3 replaces gRPC's text with a bare "context
// deadline exceeded", and the reason for a failed connection is lost. So a Diagnosis
// observes dialling, TLS and requests of one client itself.
package diagnose

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/internal/crash"
)

// Config is what a Diagnosis knows of its client.
type Config struct {
	Client      clientv3.Config
	TLS         *tls.Config // nil: the client talks in the clear
	TokenExpiry time.Time   // of a token that was given; zero: it has none that is known
	Flags       Flags

	Timeout     time.Duration // how long requests may take
	TimeoutFlag string        // the flag that sets it
}

// Flags spells the options of a client as its user gives them: those of a mirror's
// destination have other names.
type Flags struct {
	Endpoints string // as a part of a sentence
	Login     string // the flags that say who the user is
	CACert    string
	Cert      string
	Key       string
}

// Diagnosis knows why the requests of one client fail.
type Diagnosis struct {
	attempts *attempts

	mu     sync.Mutex
	config Config
	last   string // gRPC's text of the last failed request
	writes bool   // that request changes something, if it is carried out
}

// New returns the diagnosis of a client that is to be made with DialOptions.
func New(config Config) *Diagnosis {
	return &Diagnosis{attempts: newAttempts(config.Client.Endpoints, config.TLS, config.Flags), config: config}
}

// DialOptions make gRPC connect as it does without them, but under watch.
func (d *Diagnosis) DialOptions() []grpc.DialOption { return d.attempts.options() }

// SetTimeout changes how long requests may take.
func (d *Diagnosis) SetTimeout(timeout time.Duration, flag string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.config.Timeout, d.config.TimeoutFlag = timeout, flag
}

// OnUnreachable calls cancel with the reason once no endpoint can be reached and
// waiting does not mend that, unless stop is called before.
func (d *Diagnosis) OnUnreachable(cancel context.CancelCauseFunc) (stop func() bool) {
	return context.AfterFunc(d.attempts.unreachable, crash.Guarded(func() { cancel(context.Cause(d.attempts.unreachable)) }))
}

// Unreachable returns why no endpoint can be reached, if waiting does not mend that.
// Otherwise it is nil.
func (d *Diagnosis) Unreachable() error {
	if d.attempts.unreachable.Err() == nil {
		return nil
	}
	return context.Cause(d.attempts.unreachable)
}

// Remember takes notice of a request that failed. writes says that it changes
// something, if it is carried out.
func (d *Diagnosis) Remember(writes bool, err error) {
	if err == nil {
		return
	}
	message := status.Convert(err).Message()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes = writes
	// "while waiting for connections" without a reason adds nothing.
	if d.last == "" || strings.Contains(message, "desc = ") || !isBareDeadline(message) {
		d.last = message
	}
}

func isBareDeadline(message string) bool {
	return strings.HasPrefix(message, context.DeadlineExceeded.Error())
}

// Explain adds to the error of a request what its text leaves out: the cause behind an
// expired deadline, and what the user can do. It returns other errors as they are.
func (d *Diagnosis) Explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil { // the user has ended it
		return err
	}
	if HasOutcome(err) {
		return d.explainSettled(ctx, err)
	}
	return d.addReason(ctx, err, d.doubt())
}

// explainSettled explains the error before the outcome.
func (d *Diagnosis) explainSettled(ctx context.Context, err error) error {
	if s, ok := errors.AsType[*settled](err); ok {
		return &settled{err: d.explainSettled(ctx, s.err), outcome: s.outcome}
	}
	return d.addReason(ctx, err, "")
}

func (d *Diagnosis) addReason(ctx context.Context, err error, doubt string) error {
	if _, has := errors.AsType[*explained](err); has {
		return err
	}
	return &explained{err: err, reason: d.reason(ctx, err, doubt)}
}

// doubt is what to say of a request that was sent and not answered: a change
// may have been made.
func (d *Diagnosis) doubt() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.writes {
		return ""
	}
	return "; the change may have been made all the same: look before you repeat it"
}
