package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/contexts"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/script"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/suggest"
	"github.com/ectl-io/ectl/output"
)

// Names of the global flags about contexts.
const (
	FlagContext = "context"
	FlagAs      = "as"
)

// NoContext is the name that stands for no context.
const NoContext = "none"

// contextOptions holds the context of a command line, and where its options come from.
type contextOptions struct {
	contextName string // --context
	inContext   string // Inner.Context
	width       int    // of the longest name of a context, see InContexts
	as          string // --as

	context         *contexts.Context // in use, or nil
	withoutContext  bool              // the command uses no context
	contextIdentity bool              // the identity comes from the context
	contextFlags    []string          // flags that the context has set
	origins         map[string]string // of the values of flags: the name of a variable or of the context
}

func (f *Factory) bindContext(fs *pflag.FlagSet) {
	fs.StringVar(&f.contextName, FlagContext, "", "`name` of the context to use, see \"context\" (none: no context)")
	fs.StringVar(&f.as, FlagAs, "", "`user` to run the command as: one of the context, or one who logs in")
}

// WithoutContext makes cmd and its subcommands ignore the context, and returns cmd. They
// work on the file of the contexts.
func WithoutContext(f *Factory, cmd *cobra.Command) *cobra.Command {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.withoutContext = true
		return run(cmd, args)
	}
	return cmd
}

// InContexts tells f the names of the contexts that its inner command lines run in, so that
// their output is aligned.
func (f *Factory) InContexts(names []string) {
	for _, name := range names {
		f.width = max(f.width, len(name))
	}
}

// Named returns a writer to w that begins each line with the name of a context.
func (f *Factory) Named(w io.Writer, context string) io.Writer {
	return script.Prefixed(w, f.prefixOf(context))
}

// prefixOf returns the beginning of the lines of output of a context.
func (f *Factory) prefixOf(context string) string { return fmt.Sprintf("%-*s | ", f.width, context) }

// Contexts returns the store of the contexts.
func (f *Factory) Contexts() (*contexts.Store, error) { return contexts.NewStore(f.Streams.LookupEnv) }

// Context returns the context in use, or nil.
func (f *Factory) Context() *contexts.Context { return f.context }

// setOrigin records where the value of a flag comes from.
func (f *Factory) setOrigin(flag, origin string) {
	if f.origins == nil {
		f.origins = map[string]string{}
	}
	f.origins[flag] = origin
}

// Origin returns where the value of a global flag comes from: the flag itself, a variable
// or the context. It returns an empty string for the default.
func (f *Factory) Origin(name string) string {
	switch origin := f.origins[name]; {
	case origin != "":
		return origin
	case f.globals.Changed(name):
		return "--" + name
	case f.outer != nil && !slices.Contains(f.outer.contextFlags, name):
		return f.outer.Origin(name)
	case f.outer != nil && f.context == f.outer.context:
		return f.outer.Origin(name)
	}
	return ""
}

// GivenOnLine reports whether the command line itself sets a flag.
func (f *Factory) GivenOnLine(name string) bool {
	return f.globals.Changed(name) && f.origins[name] == ""
}

// useContext completes the options from the context. The command line and the environment
// have precedence. As etcdctl, a context is used only if it is named.
func (f *Factory) useContext() error {
	named := f.globals.Changed(FlagContext)
	if f.inContext != "" {
		if named {
			return exit.BadArgsf("--%s: the command runs in the contexts that match", FlagContext)
		}
		f.contextName, named = f.inContext, true
		f.formats = slices.DeleteFunc(slices.Clone(f.formats), func(format output.Format) bool { return !slices.Contains(namedFormats(), format) })
	}
	switch {
	case named && f.contextName == "":
		return exit.BadArgsf("--%s is empty: give the name of a context, or %s", FlagContext, NoContext)
	case f.withoutContext:
		return nil
	case f.outer != nil && !named:
		f.context = f.outer.context
		return f.identify()
	case f.outer != nil:
		f.forgetOuterContext()
	}
	if named || !f.AsEtcdctl() {
		if err := f.findContext(); err != nil {
			return err
		}
	}
	if err := f.applyContext(); err != nil {
		return err
	}
	return f.identify()
}

// findContext finds the context that is named, or the current one.
func (f *Factory) findContext() error {
	if f.contextName == NoContext {
		return nil
	}
	store, err := f.Contexts()
	if err != nil {
		if f.contextName == "" {
			return nil // without a folder there is no current context
		}
		return exit.With(exit.IO, err)
	}
	f.context, err = store.Find(f.contextName)
	return f.ContextError(store, err)
}

// ContextError adds to an error of the contexts what to do about it, and its status.
func (f *Factory) ContextError(store *contexts.Store, err error) error {
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, contexts.ErrUnknown):
		return exit.With(exit.IO, fmt.Errorf("the contexts cannot be used: %w", err))
	case f.contextName == "":
		return exit.BadArgsf("%w: run \"%s context use NAME\"", err, f.Program)
	}
	var names []string
	if file, readErr := store.Read(); readErr == nil {
		names = file.Names()
	}
	return f.UnknownContext(f.contextName, names)
}

// UnknownContext is the error if name is none of the names of contexts.
func (f *Factory) UnknownContext(name string, names []string) error {
	advice := fmt.Sprintf("\"%s context list\" lists them", f.Program)
	if meant := suggest.Similar(name, names); len(meant) > 0 {
		advice = suggest.Question(meant)
	}
	return exit.BadArgsf("%w %q; %s", contexts.ErrUnknown, name, advice)
}

// ContextNames returns the names of all contexts, for completion.
func (f *Factory) ContextNames() []string {
	store, err := f.Contexts()
	if err != nil {
		return nil
	}
	file, err := store.Read()
	if err != nil {
		return nil
	}
	return file.Names()
}

// ContextUsers returns the users of the context that the command line would use, for
// completion.
func (f *Factory) ContextUsers() []string {
	store, err := f.Contexts()
	if err != nil {
		return nil
	}
	name := f.contextName
	if name == "" {
		name, _ = f.Streams.LookupEnv(Variable(FlagContext))
	}
	c, err := store.Find(name)
	if err != nil || c == nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(c.Users))
	if c.User != "" {
		names = append(names, c.User)
	}
	return names
}

// AsUser returns the user of --as, or an empty string.
func (f *Factory) AsUser() string { return f.as }

// EnvironmentGives reports whether a variable gives an option that a context keeps.
func (f *Factory) EnvironmentGives() bool {
	for name := range f.origins {
		if name == etcd.FlagUser || !slices.Contains(notInContexts(), name) {
			return true
		}
	}
	return false
}

// OptionOrigin is a global option with its value, and where that comes from.
type OptionOrigin struct{ Name, Value, From string }

// Origins returns the global options and where their values come from. Secrets are not
// shown. Options that are not given and have no default are left out.
func (f *Factory) Origins() []OptionOrigin {
	var all []OptionOrigin
	f.globals.VisitAll(func(flag *pflag.Flag) {
		value, from := f.Connection.Shown(flag.Name, flag.Value.String()), f.Origin(flag.Name)
		if flag.Name == FlagContext || flag.Name == FlagAs || from == "" && value == "" {
			return
		}
		switch {
		case flag.Name == etcd.FlagEndpoints && value != setMark:
			value = strings.Join(f.Connection.Endpoints, ",")
		case flag.Name == etcd.FlagUser:
			value, _, _ = strings.Cut(flag.Value.String(), ":")
		}
		all = append(all, OptionOrigin{flag.Name, value, cmp.Or(from, "default")})
	})
	if program := f.Connection.PasswordProgram; program != nil {
		all = append(all, OptionOrigin{"password", "from " + program.Describe(), "the context " + f.context.Name})
	}
	return all
}

// setMark is what Shown returns for a secret.
const setMark = "(set)"

// forgetOuterContext sets the options that the outer command line has from its context to
// their defaults.
func (f *Factory) forgetOuterContext() {
	for _, name := range f.outer.contextFlags {
		flag := f.globals.Lookup(name)
		if flag == nil || flag.Changed {
			continue
		}
		if name == etcd.FlagEndpoints { // a list, whose default is not in the form of Set
			f.Connection.Endpoints = strings.Split(strings.Trim(flag.DefValue, "[]"), ",")
			continue
		}
		_ = flag.Value.Set(flag.DefValue) // a default is valid
	}
}

// applyContext sets the options of the context that are not given.
func (f *Factory) applyContext() error {
	c := f.context
	if c == nil {
		return nil
	}
	f.Connection.Context = c.Name
	from := "the context " + c.Name
	endpointsGiven := f.isGiven(etcd.FlagEndpoints) || f.isGiven(etcd.FlagDiscoverySRV)
	for name, value := range c.Options {
		flag := f.globals.Lookup(name)
		switch {
		case flag == nil || slices.Contains(notInContexts(), name):
			return exit.With(exit.IO, fmt.Errorf("%s has an unknown option %q: correct the file of the contexts", from, name))
		case f.isGiven(name):
			f.warnOfOtherEndpoints(name)
			continue
		case endpointsGiven && (name == etcd.FlagEndpoints || strings.HasPrefix(name, etcd.FlagDiscoverySRV)):
			continue
		case name == FlagFormat && !slices.Contains(f.formats, output.Format(value)):
			continue // the command cannot print the default format
		}
		if err := f.globals.Set(name, value); err != nil {
			return exit.With(exit.IO, fmt.Errorf("%s has an invalid value of %q: correct the file of the contexts", from, name))
		}
		f.setOrigin(name, from)
		f.contextFlags = append(f.contextFlags, name)
	}
	return nil
}

// isGiven reports whether a flag is set by the command line or the environment, also by
// those of the outer command line.
func (f *Factory) isGiven(name string) bool {
	if f.globals.Changed(name) && !slices.Contains(f.contextFlags, name) {
		return true
	}
	return f.outer != nil && f.outer.isGiven(name)
}

// warnOfOtherEndpoints warns if a variable sends the command to another cluster than the
// context that the command line names.
func (f *Factory) warnOfOtherEndpoints(name string) {
	if name == etcd.FlagEndpoints && f.GivenOnLine(FlagContext) && f.origins[name] != "" {
		f.Warn(fmt.Sprintf("%s replaces the endpoints of the context %s", f.origins[name], f.context.Name))
	}
}

// notInContexts returns the global options that a context does not hold.
func notInContexts() []string {
	return append(etcd.IdentityFlags(), FlagContext, FlagAs, "debug")
}

// identify completes the identity. It is taken as a whole from one place, so that a
// password of one user is never used with the name of another.
func (f *Factory) identify() error {
	o := &f.Connection
	own := slices.ContainsFunc(etcd.IdentityFlags(), f.globals.Changed)
	sameContext := f.outer != nil && f.context == f.outer.context
	if f.outer != nil && !sameContext && !own && f.as == "" {
		f.as = f.outer.as
	}
	switch {
	case f.as != "" || f.globals.Changed(FlagAs):
		return f.identifyAs()
	case own:
		if o.NamesOnlyUser() {
			f.takeLoginOf(o.User)
		}
	case sameContext:
		o.InheritIdentity(&f.outer.Connection, f.globals)
		f.contextIdentity = f.outer.contextIdentity
	case f.outer != nil && slices.ContainsFunc(etcd.IdentityFlags(), f.outer.isGiven):
		o.InheritIdentity(&f.outer.Connection, f.globals)
		o.ForgetLogin() // its token is of another cluster
		if o.NamesOnlyUser() {
			f.takeLoginOf(o.User)
		}
	case f.context != nil:
		o.NameUser(f.context.User)
		f.contextIdentity = true
		if o.User != "" {
			f.setOrigin(etcd.FlagUser, "the context "+f.context.Name)
		}
		f.takeLogin(f.context.Login, f.context.User)
	}
	return nil
}

// identifyAs makes the user of --as the identity. A password on the command line belongs
// to that user; one of the environment does not.
func (f *Factory) identifyAs() error {
	for _, name := range []string{etcd.FlagUser, etcd.FlagToken, etcd.FlagTokenFile} {
		if f.GivenOnLine(name) {
			return exit.BadArgsf("--%s and --%s exclude each other: choose one", FlagAs, name)
		}
	}
	if f.as == "" || strings.Contains(f.as, ":") {
		return exit.BadArgsf("--%s wants the name of a user", FlagAs)
	}
	o := &f.Connection
	password, file := o.Password, o.PasswordFile
	o.NameUser(f.as)
	f.setOrigin(etcd.FlagUser, "--"+FlagAs)
	switch {
	case f.GivenOnLine(etcd.FlagPassword) || f.GivenOnLine(etcd.FlagPasswordFile):
		if f.GivenOnLine(etcd.FlagPassword) {
			o.Password = password
		}
		if f.GivenOnLine(etcd.FlagPasswordFile) {
			o.PasswordFile = file
		}
	default:
		f.takeLoginOf(f.as)
	}
	return nil
}

// takeLoginOf takes the secret of a user from the context, if that knows the user.
func (f *Factory) takeLoginOf(user string) {
	if login, known := f.context.LoginOf(user); known {
		f.takeLogin(login, user)
	}
}

// takeLogin takes the secret of a user from where the context says.
func (f *Factory) takeLogin(l contexts.Login, user string) {
	o, from := &f.Connection, "the context "+f.context.Name
	o.PrefersLogin = true
	for flag, source := range map[string]struct {
		to    *string
		value string
	}{
		etcd.FlagPasswordFile: {&o.PasswordFile, l.PasswordFile}, etcd.FlagTokenFile: {&o.TokenFile, l.TokenFile},
		etcd.FlagCert: {&o.Cert, l.Cert}, etcd.FlagKey: {&o.Key, l.Key},
	} {
		if source.value != "" && !f.isGiven(flag) {
			*source.to = source.value
			f.setOrigin(flag, from)
		}
	}
	if l.PasswordCommand != "" || l.CredentialHelper != "" {
		o.PasswordProgram = &secret.Program{
			Line: l.PasswordCommand, Helper: l.CredentialHelper, Key: f.context.Key(user),
			Environ: f.ChildEnviron(false), Stderr: f.Streams.Err,
		}
	}
	if l.TokenFile != "" || l.Cert != "" && !l.HasSecret() {
		o.User = "" // the token or the certificate says who it is
	}
}

// Given returns the options of the connection that the command line and the environment
// give, by name, as a context keeps them. The identity is not among them.
func (f *Factory) Given() map[string]string {
	given := map[string]string{}
	f.globals.VisitAll(func(flag *pflag.Flag) {
		if !flag.Changed || slices.Contains(notInContexts(), flag.Name) {
			return
		}
		given[flag.Name] = flag.Value.String()
		if flag.Name == etcd.FlagEndpoints {
			given[flag.Name] = strings.Join(f.Connection.Endpoints, ",")
		}
	})
	return given
}
