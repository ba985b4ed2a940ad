// Package session holds the connection and the identity of one command, and the
// connections that several commands share.
package session

import (
	"context"

	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/prompt"
)

// Session makes clients of one cluster for one user, each on first use.
type Session struct {
	Connection etcd.Options

	prompter *prompt.Prompter
	warn     func(string)
	dialer   *etcd.Dialer
	client   *etcd.Client
	shared   *Connections // nil: the session has clients of its own
}

// New returns a session without connections. It prompts for a missing password with
// prompter, and passes warnings about the connection to warn.
func New(prompter *prompt.Prompter, warn func(string)) *Session {
	return &Session{Connection: etcd.Options{Changes: &etcd.Changes{}}, prompter: prompter, warn: warn}
}

// Client returns the client of the cluster. It dials on first use. The command's
// timeout starts only after that.
func (s *Session) Client(ctx context.Context) (*etcd.Client, error) {
	if s.client == nil {
		dialer, err := s.Dialer(ctx)
		if err != nil {
			return nil, err
		}
		var client *etcd.Client
		if s.shared != nil {
			client, err = s.shared.client(ctx, &s.Connection, dialer)
		} else {
			client, err = dialer.Dial(ctx, dialer.Endpoints)
		}
		if err != nil {
			return nil, err
		}
		s.client = client
	}
	return s.client, nil
}

// Dialer returns the dialer, which makes clients of single members. On first use it
// prompts for a missing password.
func (s *Session) Dialer(ctx context.Context) (*etcd.Dialer, error) {
	if s.dialer == nil {
		var dialer *etcd.Dialer
		var err error
		if s.shared != nil {
			dialer, err = s.shared.dialer(ctx, &s.Connection)
		} else {
			dialer, err = etcd.NewDialer(ctx, &s.Connection, s.prompter, s.warn)
		}
		if err != nil {
			return nil, err
		}
		s.dialer = dialer
	}
	return s.dialer, nil
}

// Detached returns a session of the same user with its own client. The contexts of s
// do not close that client; Disconnect does.
func (s *Session) Detached() *Session {
	other := *s
	other.client, other.shared = nil, nil
	return &other
}

// As returns a session of another user. With a password, the user name logs in.
// Without one, a client certificate identifies the user, if it is given. Disconnect
// closes the session's client.
func (s *Session) As(name, password string) *Session {
	other := s.Detached()
	other.Connection, other.dialer = *s.Connection.As(name, password), nil
	return other
}

// Quiet returns a detached session that does not warn.
func (s *Session) Quiet() *Session {
	other := s.Detached()
	other.warn = func(string) {}
	return other
}

// Disconnect closes the client, unless it belongs to Connections. The next use connects
// again.
func (s *Session) Disconnect() {
	if s.client != nil && s.shared == nil {
		_ = s.client.Close()
	}
	s.client = nil
}

// Shares reports whether s uses Connections.
func (s *Session) Shares() bool { return s.shared != nil }

// Connections returns Connections for further sessions: those that s shares, or new ones.
func (s *Session) Connections(ctx context.Context) *Connections {
	if s.shared != nil {
		return s.shared
	}
	return NewConnections(ctx, s.prompter, s.warn)
}

// Timeout returns ctx with the command's timeout.
func (s *Session) Timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.Connection.CommandTimeout)
}

// Explain adds the reason to an error of the cluster, see etcd.Client.Explain.
// Without a client it returns err unchanged.
func (s *Session) Explain(ctx context.Context, err error) error {
	if s.client == nil {
		return err
	}
	return s.client.Explain(ctx, err)
}

// Request makes one or more requests to the cluster.
type Request func(context.Context, *etcd.Client) error

// Do connects if necessary and calls request with the client, within the command's
// timeout.
func (s *Session) Do(ctx context.Context, request Request) error {
	client, err := s.Client(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := s.Timeout(ctx)
	defer cancel()
	return request(ctx, client)
}

// Call works like Do and returns the response of request.
func Call[Response any](ctx context.Context, s *Session, request func(context.Context, *etcd.Client) (Response, error)) (response Response, err error) {
	err = s.Do(ctx, func(ctx context.Context, c *etcd.Client) (err error) {
		response, err = request(ctx, c)
		return err
	})
	return response, err
}

// CallWith is Call for a method of the client that takes one argument, for example
// CallWith(ctx, s, (*etcd.Client).UserGet, name).
func CallWith[Argument, Response any](ctx context.Context, s *Session, method func(*etcd.Client, context.Context, Argument) (Response, error), argument Argument) (Response, error) {
	return Call(ctx, s, func(ctx context.Context, c *etcd.Client) (Response, error) { return method(c, ctx, argument) })
}
