package etcd

import (
	"context"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/secret"
)

// identity decides who the client says it is, in etcdctl's order: a token goes
// before a user; --user is split at its first colon unless the password comes
// from elsewhere; a user without any password is asked for it. It returns nil
// where the options name nobody.
func (o *Options) identity(ctx context.Context, p *prompt.Prompter, warn func(string)) (*clientv3.AuthConfig, error) {
	if o.Token != "" && o.TokenFile != "" {
		return nil, exit.BadArgsf("--auth-jwt-token and --%s both give a token: choose one", FlagTokenFile)
	}
	if o.Password != "" && o.PasswordFile != "" {
		return nil, exit.BadArgsf("--password and --%s both give a password: choose one", FlagPasswordFile)
	}
	token, err := fromFlagOrFile(ctx, o.Token, FlagTokenFile, o.TokenFile, p, warn)
	if err != nil {
		return nil, err
	}
	if token != "" {
		return &clientv3.AuthConfig{Token: token}, nil
	}
	if o.User == "" {
		return nil, nil //nolint:nilnil // nobody is a valid identity
	}
	password, err := fromFlagOrFile(ctx, o.Password, FlagPasswordFile, o.PasswordFile, p, warn)
	if err != nil {
		return nil, err
	}
	if password != "" {
		return &clientv3.AuthConfig{Username: o.User, Password: password}, nil
	}
	if name, password, found := strings.Cut(o.User, ":"); found {
		return &clientv3.AuthConfig{Username: name, Password: password}, nil
	}
	if password, err = p.Secret(ctx, o.question()); err != nil {
		return nil, err
	}
	return &clientv3.AuthConfig{Username: o.User, Password: password}, nil
}

func fromFlagOrFile(ctx context.Context, value, flag, path string, p *prompt.Prompter, warn func(string)) (string, error) {
	if value != "" || path == "" {
		return value, nil
	}
	value, warning, err := secret.ReadFile(ctx, path, p.Stdin())
	if err != nil {
		return "", exit.With(exit.BadArgs, fmt.Errorf("--%s: %w", flag, err))
	}
	if warning != "" {
		warn(warning)
	}
	return value, nil
}

// asks tells whether identity would ask the user for something.
func (o *Options) asks() bool {
	return o.Token == "" && o.TokenFile == "" && o.User != "" && o.Password == "" && o.PasswordFile == "" &&
		!strings.Contains(o.User, ":")
}

// readsStdin tells whether identity would read standard input.
func (o *Options) readsStdin() bool {
	return o.TokenFile == secret.Stdin || o.PasswordFile == secret.Stdin
}

// Unattended tells whether a client can be made without a person and without
// standard input: a shell that completes a word has neither to spare.
func (o *Options) Unattended() bool { return !o.asks() && !o.readsStdin() }

// IsNoPasswordUser says whether err refuses a login with a password as a user
// who has none. It is no error of rpctypes: servers from 3.4 to 3.7 word it so.
func IsNoPasswordUser(err error) bool {
	return err != nil && strings.Contains(err.Error(), "password was given for no password user")
}
