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

// identity returns the login of the client, with etcdctl's precedence. A token has
// precedence over a user. --user is split at its first colon unless the password comes
// from another option. If there is no password, the user is prompted for it. identity
// returns nil if the options name no user.
//
// A user without a password is an error, and so is a password without a user name. The
// client library treats both as no login. The command would then run as the user of a
// client certificate. Options without effect cause a warning.
func (o *Options) identity(ctx context.Context, p *prompt.Prompter, warn func(string)) (*clientv3.AuthConfig, error) {
	if err := o.checkIdentity(); err != nil {
		return nil, err
	}
	for _, warning := range o.ignored() {
		warn(warning)
	}
	token, err := fromFlagOrFile(ctx, o.Token, o.flag(FlagTokenFile), o.TokenFile, p, warn)
	if err != nil {
		return nil, err
	}
	if token != "" {
		return &clientv3.AuthConfig{Token: token}, nil
	}
	if o.User == "" {
		return nil, nil //nolint:nilnil // a client without a login is valid
	}
	password, err := fromFlagOrFile(ctx, o.Password, o.flag(FlagPasswordFile), o.PasswordFile, p, warn)
	if err != nil {
		return nil, err
	}
	if password != "" {
		return &clientv3.AuthConfig{Username: o.User, Password: password}, nil
	}
	if o.PasswordProgram != nil {
		if password, err = o.PasswordProgram.Password(ctx); err != nil {
			return nil, exit.With(exit.BadArgs, fmt.Errorf("the password of %s: %w", o.User, err))
		}
		return &clientv3.AuthConfig{Username: o.User, Password: password}, nil
	}
	if name, password, found := strings.Cut(o.User, ":"); found {
		return &clientv3.AuthConfig{Username: name, Password: password}, nil
	}
	if password, err = p.Secret(ctx, o.question()); err != nil {
		return nil, err
	}
	if password == "" {
		return nil, noPassword(o.User, "nothing was typed or read")
	}
	return &clientv3.AuthConfig{Username: o.User, Password: password}, nil
}

// checkIdentity returns an error with the status BadArgs for an impossible identity. It
// reads no file and does not prompt.
func (o *Options) checkIdentity() error {
	if o.Token != "" && o.TokenFile != "" {
		return exit.BadArgsf("%s and %s both give a token: choose one", o.flag(FlagToken), o.flag(FlagTokenFile))
	}
	if o.Password != "" && o.PasswordFile != "" {
		return exit.BadArgsf("%s and %s both give a password: choose one", o.flag(FlagPassword), o.flag(FlagPasswordFile))
	}
	name, password, split := strings.Cut(o.User, ":")
	switch {
	case o.hasToken():
	case o.User == "":
		if user, found := o.valueless[FlagUser]; found && o.hasPassword() {
			return exit.BadArgsf("user name is empty: %s has no value, and there is a password: give its user", user.name)
		}
	case o.hasPassword():
	case split && name == "":
		return exit.BadArgsf("user name is empty: nothing precedes the colon of %s", o.flag(FlagUser))
	case split && password == "":
		return noPassword(name, "nothing follows the colon of "+o.flag(FlagUser))
	case !split && o.emptyPassword() != "":
		return noPassword(name, o.emptyPassword()+" is set and has no value; unset it to be prompted for the password")
	}
	return nil
}

// emptyPassword returns the name of a variable that is to give the password and is empty,
// or an empty string. An empty flag requests a prompt, as in etcdctl.
func (o *Options) emptyPassword() string {
	for _, name := range []string{FlagPassword, FlagPasswordFile} {
		if option := o.valueless[name]; option.variable {
			return option.name
		}
	}
	return ""
}

func noPassword(user, reason string) error {
	return exit.BadArgsf("the password of %s is empty: %s", user, reason)
}

// ignored returns a warning for each option of the identity that is given but has no
// effect.
func (o *Options) ignored() []string {
	var warnings []string
	for _, name := range []string{FlagCert, FlagKey, FlagCACert} {
		if option, found := o.valueless[name]; found {
			warnings = append(warnings, option.name+" has no value, and is ignored")
		}
	}
	for _, name := range []string{FlagUser, FlagPassword, FlagPasswordFile, FlagToken, FlagTokenFile} {
		option, found := o.valueless[name]
		// With a user, an empty password is an error, unless another option gives it.
		isPassword := name == FlagPassword || name == FlagPasswordFile
		if found && (!isPassword || o.User == "" && !o.hasPassword()) {
			warnings = append(warnings, option.name+" has no value: "+o.identification())
		}
	}
	switch {
	case o.hasToken() && o.User != "":
		warnings = append(warnings, o.flag(FlagUser)+" is ignored: the token identifies you")
	case !o.hasToken() && o.User == "" && o.hasPassword():
		warnings = append(warnings, "the password is ignored: give its user with "+o.flag(FlagUser))
	}
	return warnings
}

// identification describes what identifies the client if an option has no value.
func (o *Options) identification() string {
	switch {
	case o.hasToken():
		return "the token identifies you"
	case o.User != "":
		return o.flag(FlagUser) + " identifies you"
	case o.Cert != "":
		return "the client certificate identifies you"
	}
	return "there is no login"
}

func (o *Options) hasToken() bool { return o.Token != "" || o.TokenFile != "" }
func (o *Options) hasPassword() bool {
	return o.Password != "" || o.PasswordFile != "" || o.PasswordProgram != nil
}

func fromFlagOrFile(ctx context.Context, value, flag, path string, p *prompt.Prompter, warn func(string)) (string, error) {
	if value != "" || path == "" {
		return value, nil
	}
	value, warning, err := secret.ReadFile(ctx, path, p.Stdin())
	if err != nil {
		return "", exit.With(exit.BadArgs, fmt.Errorf("%s: %w", flag, err))
	}
	if warning != "" {
		warn(warning)
	}
	return value, nil
}

// asks reports whether identity would prompt the user for a password.
func (o *Options) asks() bool {
	return !o.hasToken() && o.User != "" && !o.hasPassword() && !strings.Contains(o.User, ":") && o.emptyPassword() == ""
}

// Asks reports whether the first client would prompt the user for a password.
func (o *Options) Asks() bool { return o.asks() }

// readsStdin reports whether identity would read standard input.
func (o *Options) readsStdin() bool {
	return o.TokenFile == secret.Stdin || o.PasswordFile == secret.Stdin
}

// Unattended reports whether a client can be created without a prompt, without standard
// input and without a program, which may prompt. Shell completion can use none of them.
func (o *Options) Unattended() bool {
	return !o.asks() && !o.readsStdin() && (o.PasswordProgram == nil || o.hasToken())
}

// IsNoPasswordUser reports whether err refuses a login with a password because the user
// has none. rpctypes does not define this error. Servers from 3.4 to 3.7 use this text.
func IsNoPasswordUser(err error) bool {
	return err != nil && strings.Contains(err.Error(), "password was given for no password user")
}
