// Package diagnose finds out why a connection or a request failed.
//
// When a deadline has passed, client/v3 replaces gRPC's text with a bare "context
// deadline exceeded", and the reason for a failed connection is lost. So a Diagnosis
// itself observes the connections, TLS handshakes and requests of one client.
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

	"github.com/ectl-io/ectl/internal/crash"
)

// Config describes the client of a Diagnosis.
type Config struct {
	Client      clientv3.Config
	TLS         *tls.Config // nil: the client uses no TLS
	TokenExpiry time.Time   // of a given token; zero if unknown
	Flags       Flags
	Identity    func() Identity // of the client; called only to explain an error

	Timeout     time.Duration // of requests
	TimeoutFlag string        // the flag that sets it

	// Impatient makes every failed connection a permanent failure of its endpoint.
	Impatient bool
}

// Identity describes as whom a client sends requests.
type Identity struct {
	By   string // "password", "token" or "certificate"; empty without an identity
	User string // empty if unknown
}

// Flags holds the names of a client's options as the user types them. The options of a
// mirror's destination have other names.
type Flags struct {
	Endpoints string // as a part of a sentence
	Login     string // the flags that identify the user
	CACert    string
	Cert      string
	Key       string
	Side      string // "the destination" of a mirror; empty for all other clients
}

// Diagnosis observes the requests of one client and explains why they fail.
type Diagnosis struct {
	attempts *attempts

	mu         sync.Mutex
	config     Config
	last       string             // gRPC's text of the last failed request
	writes     bool               // that request changes something, if it is carried out
	refused    map[string]Request // by the server's text, see explainedByRequest
	watching   Request            // see Watching
	explaining bool               // a request of ask is under way
}

// New returns the Diagnosis of a client. The client must be created with its
// DialOptions.
func New(config Config) *Diagnosis {
	return &Diagnosis{attempts: newAttempts(config), config: config, refused: map[string]Request{}}
}

// DialOptions returns options with which gRPC connects as it does without them, but the
// Diagnosis observes the connections.
func (d *Diagnosis) DialOptions() []grpc.DialOption { return d.attempts.options() }

// SetTimeout changes the timeout of requests, and the flag that sets it.
func (d *Diagnosis) SetTimeout(timeout time.Duration, flag string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.config.Timeout, d.config.TimeoutFlag = timeout, flag
}

// OnUnreachable calls cancel with the reason when no endpoint can be reached and the
// reasons are permanent. It does not call cancel after stop was called.
func (d *Diagnosis) OnUnreachable(cancel context.CancelCauseFunc) (stop func() bool) {
	return context.AfterFunc(d.attempts.unreachable, crash.Guarded(func() { cancel(context.Cause(d.attempts.unreachable)) }))
}

// Unreachable returns why no endpoint can be reached, if the reasons are permanent.
// Otherwise it returns nil.
func (d *Diagnosis) Unreachable() error {
	if d.attempts.unreachable.Err() == nil {
		return nil
	}
	return context.Cause(d.attempts.unreachable)
}

// Forget discards the record of failed requests.
func (d *Diagnosis) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last, d.writes, d.refused, d.watching = "", false, map[string]Request{}, Request{}
}

func isBareDeadline(message string) bool {
	return strings.HasPrefix(message, context.DeadlineExceeded.Error())
}

// Explain adds to the error of a request what its text leaves out: the cause of an
// expired deadline, and what the user can do. It returns other errors unchanged.
func (d *Diagnosis) Explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil { // the caller has ended the request
		return err
	}
	if HasOutcome(err) {
		return d.explainSettled(ctx, err)
	}
	return d.addReason(ctx, err, d.doubt())
}

// explainSettled adds the reason to an error with an outcome. The reason precedes the
// outcome.
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
	reason := d.reason(ctx, err, doubt)
	if side := d.config.Flags.Side; side != "" {
		if reason != "" {
			reason += "; "
		}
		reason += "at " + side + " " + strings.Join(d.config.Client.Endpoints, ", ")
	}
	return &explained{err: err, reason: reason}
}

// doubt returns a warning that a change may have been made, if the last failed request
// changes something. Otherwise it returns an empty string.
func (d *Diagnosis) doubt() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.writes {
		return ""
	}
	return "; the change may have been made: check before you repeat it"
}
