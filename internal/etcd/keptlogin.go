package etcd

import "strings"

// TakesLogin reports whether the options leave the identity to a kept login: they give no
// user, or a user without a password. With PrefersLogin the user may have a password.
func (o *Options) TakesLogin() bool {
	_, noUser := o.valueless[FlagUser]
	_, noPassword := o.valueless[FlagPassword]
	_, noPasswordFile := o.valueless[FlagPasswordFile]
	return !noUser && !noPassword && !noPasswordFile && !o.hasToken() && (!o.hasPassword() || o.PrefersLogin) && !strings.Contains(o.User, ":")
}

// UseLogin makes token, which the server has returned to user, the identity.
func (o *Options) UseLogin(user, token string) {
	o.login = keptLogin{user: user, given: o.User}
	o.User, o.Token = "", token
}

// keptLogin describes a login that an earlier command has made.
type keptLogin struct {
	user  string // empty: there is none
	given string // the user that the options name
}

// LoginUser returns the user of UseLogin, or an empty string.
func (o *Options) LoginUser() string { return o.login.user }

// ForgetLogin undoes UseLogin.
func (o *Options) ForgetLogin() {
	if o.login.user != "" {
		o.User, o.Token, o.login = o.login.given, "", keptLogin{}
	}
}
