package session

import (
	"context"
	"fmt"
	"sync"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/internal/prompt"
)

// Connections holds clients that outlive one command, for programs that run several
// commands in turn. Commands with the same options of the connection and of the identity
// share a client, so they connect and log in once. Not more than one command may use the
// clients at the same time, because a client records the last failure for its errors;
// other commands get a Fork.
type Connections struct {
	ctx     context.Context //nolint:containedctx // the clients outlive the commands
	logins  *logins
	changes etcd.Changes
	clients map[string]*etcd.Client
}

// logins holds the identities. Each is completed once, so that the user is prompted once.
type logins struct {
	prompter *prompt.Prompter
	warn     func(string)

	mu      sync.Mutex
	dialers map[string]*etcd.Dialer
}

// NewConnections returns Connections without clients. Its clients end with ctx. It
// prompts for a missing password of a login with prompter, and passes warnings about
// connections to warn.
func NewConnections(ctx context.Context, prompter *prompt.Prompter, warn func(string)) *Connections {
	return (&Connections{ctx: ctx, logins: &logins{prompter: prompter, warn: warn, dialers: map[string]*etcd.Dialer{}}}).Fork()
}

// Fork returns Connections with the same logins and with clients of their own.
func (c *Connections) Fork() *Connections {
	return &Connections{ctx: c.ctx, logins: c.logins, clients: map[string]*etcd.Client{}}
}

// Share makes s use the clients of c. The changes of earlier sessions do not count for s.
func (c *Connections) Share(s *Session) {
	c.changes.Reset()
	s.Connection.Changes = &c.changes
	s.shared = c
}

// Changes returns what the latest session has changed.
func (c *Connections) Changes() *etcd.Changes { return &c.changes }

// PromptWith makes further identities prompt with prompter.
func (c *Connections) PromptWith(prompter *prompt.Prompter) {
	c.logins.mu.Lock()
	defer c.logins.mu.Unlock()
	c.logins.prompter = prompter
}

// Close closes the clients.
func (c *Connections) Close() {
	for _, client := range c.clients {
		_ = client.Close()
	}
	clear(c.clients)
}

// dialer returns the dialer for the options. It prompts for a missing password, unless an
// earlier command with the same options did.
func (c *Connections) dialer(ctx context.Context, options *etcd.Options) (*etcd.Dialer, error) {
	c.logins.mu.Lock()
	defer c.logins.mu.Unlock()
	key := options.Fingerprint()
	dialer := c.logins.dialers[key]
	if dialer == nil {
		var err error
		if dialer, err = etcd.NewDialer(ctx, options, c.logins.prompter, c.logins.warn); err != nil {
			return nil, err
		}
		c.logins.dialers[key] = dialer
	}
	return dialer.Counting(&c.changes), nil
}

// client returns the client for the options, which dialer describes. ctx bounds only the
// login.
func (c *Connections) client(ctx context.Context, options *etcd.Options, dialer *etcd.Dialer) (*etcd.Client, error) {
	key := options.Fingerprint()
	if client := c.clients[key]; client != nil {
		client.Forget()
		return client, nil
	}
	own, cancel := context.WithCancelCause(c.ctx)
	stop := context.AfterFunc(ctx, crash.Guarded(func() { cancel(context.Cause(ctx)) }))
	client, err := dialer.Dial(progress.CarryTo(own, ctx), dialer.Endpoints)
	if !stop() && err == nil {
		_ = client.Close()
		err = fmt.Errorf("connect: %w", context.Cause(ctx))
	}
	if err != nil {
		cancel(err)
		return nil, err
	}
	c.clients[key] = client
	return client, nil
}
