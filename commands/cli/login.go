package cli

import (
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/login"
)

// LoginPlace returns what a login of this command line is bound to.
func (f *Factory) LoginPlace() login.Place {
	return login.Place{
		Program: f.Program, Endpoints: f.Connection.Endpoints,
		CACert: f.Connection.CACert, Cert: f.Connection.Cert, Insecure: f.Connection.InsecureSkipTLSVerify,
	}
}

// Logins returns the store of the logins that "login" keeps.
func (f *Factory) Logins() (*login.Store, error) { return login.NewStore(f.Streams.LookupEnv) }

// useLogin takes the token of a kept login, if the command line gives no identity, or a
// user without a password.
func (f *Factory) useLogin() {
	if f.withoutLogin || !f.Connection.TakesLogin() {
		return
	}
	store, err := f.Logins()
	if err != nil {
		return // then no login was kept
	}
	kept, err := store.Find(f.LoginPlace(), f.Connection.User)
	if err != nil {
		f.Warn(fmt.Sprintf("the login that was kept is not used: %v", err))
		return
	}
	switch {
	case kept == nil:
	case kept.Expired() && f.unattended: // the next command reports it
	case kept.Expired():
		f.forgetLogin(store, kept.User)
		f.Warn(hasExpired(kept.User))
	default:
		f.Connection.UseLogin(kept.User, kept.Token)
	}
}

// RenewLogin takes the kept login as it is now. It has no effect if the command line gives
// an identity.
func (f *Factory) RenewLogin() {
	f.Connection.ForgetLogin()
	f.useLogin()
}

// forgetLogin removes a login that is of no use. Nothing depends on its removal.
func (f *Factory) forgetLogin(store *login.Store, user string) {
	_, _ = store.Remove(f.LoginPlace(), user)
}

func hasExpired(user string) string { return fmt.Sprintf("the login of %s has expired", user) }

// refusedLogin returns the user of a kept login whose token the server has refused, which
// is the reason for err. Otherwise it returns an empty string.
func (f *Factory) refusedLogin(err error) string {
	if errors.Is(err, rpctypes.ErrInvalidAuthToken) || errors.Is(err, rpctypes.ErrAuthOldRevision) {
		return f.Connection.LoginUser()
	}
	return ""
}

// CannotRepeat records that the command has had an effect, so that WithoutRefusedLogin does
// not run it again.
func (f *Factory) CannotRepeat() { f.wrote.Store(true) }

// WithoutRefusedLogin is for a command that failed with err. If the server has refused the
// token of a kept login, it forgets this login, and returns a Factory with which the
// command line runs as if there had been none. The user is told. It returns nil if this
// is not the reason, or if the command has read input or printed output, so that it must
// not run again. err then has the advice.
func (f *Factory) WithoutRefusedLogin(err error) (*Factory, error) {
	user := f.refusedLogin(err)
	if user == "" {
		return nil, err
	}
	if store, storeErr := f.Logins(); storeErr == nil {
		f.forgetLogin(store, user)
	}
	expired := hasExpired(user)
	if f.wrote.Load() || f.Prompter.Used() || f.outer != nil {
		login := f.Program + " login"
		if f.outer != nil { // in the shell
			login = "login"
		}
		return nil, fmt.Errorf("%w: %s: run %q and repeat the command", err, expired, login)
	}
	f.Warn(expired)
	again := NewFactory(f.Program, f.Streams)
	again.Line, again.Heap, again.Execute, again.withoutLogin = f.Line, f.Heap, f.Execute, true
	return again, err
}
