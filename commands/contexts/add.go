package contexts

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/contexts"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// addOptions holds the arguments and flags of "context add".
type addOptions struct {
	Name      string
	Protected bool
	FromEnv   bool
	Manifest  string
	Command   string // that prints the password
	Helper    string
	Replace   bool

	as      string            // user that is added to an existing context
	user    string            // of a new context
	options map[string]string // of a new context
	login   contexts.Login
	leftOut []string // variables with a secret
}

const (
	endpoints = etcd.FlagEndpoints

	flagFromEnv  = "from-env"
	flagManifest = "from-manifest"
	flagCommand  = "password-command"
	flagHelper   = "credential-helper"
	flagReplace  = "replace"
)

func newAddCmd(f *cli.Factory) *cobra.Command {
	opts := &addOptions{}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Keep the options of the command line and the environment as a context",
		Long: `Keep the global options that the command line and the environment give as a
context. Names of files become absolute.

A password is never kept. A context names its source instead: a file
(--password-file), a command that prints it (--password-command), or a
credential helper of Docker's protocol (--credential-helper). A command gets no
secrets in its environment, and runs only when the password is needed. A helper
is asked for ectl://NAME/USER. Without a source, commands ask for the password.

In a protected context, a command that destroys something asks for the name of
the context. Without a terminal it needs --confirm NAME.

With --as, a user is added to an existing context. Commands use it with --as.

--from-env requires that the environment gives options. It leaves out a password
in a variable. --from-manifest reads the flags of a static pod of Kubernetes:
that of etcd, or that of kube-apiserver.`,
		Example: `  # A protected cluster with TLS and a password from a file.
  ectl context add prod --endpoints https://etcd1:2379,https://etcd2:2379 \
    --cacert /etc/etcd/ca.crt --user root --password-file ~/.etcd-prod \
    --protected
  # A password that a command prints.
  ectl context add dev --endpoints localhost:2379 \
    --user root --password-command 'pass show etcd/dev'
  # A further user of the context, for --as.
  ectl context add prod --as alice --password-command 'pass show etcd/alice'
  # Endpoints and certificates of a node of Kubernetes.
  ectl context add node --from-manifest /etc/kubernetes/manifests/etcd.yaml`,
		Args: cli.Args(1, 1, "the name of the context"),
		RunE: cli.Run(f, opts, runAdd),
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.Protected, "protected", false, "require the context's name before something is destroyed in it")
	flags.BoolVar(&opts.FromEnv, flagFromEnv, false, "require that the environment gives options")
	flags.StringVar(&opts.Manifest, flagManifest, "", "take endpoints and certificates from this `file`, a static pod of etcd or kube-apiserver")
	flags.StringVar(&opts.Command, flagCommand, "", "`command` for the shell that prints the password of the user in its first line")
	flags.StringVar(&opts.Helper, flagHelper, "", "`name` of the credential helper with the password: the part after docker-credential-")
	flags.BoolVar(&opts.Replace, flagReplace, false, "replace an existing context, or an existing user of it")
	_ = cmd.MarkFlagFilename(flagManifest)
	return cli.FormatsOf(cmd, output.ContextChanged{})
}

// Complete implements cli.Options.
func (o *addOptions) Complete(f *cli.Factory, cmd *cobra.Command, args []string) error {
	o.Name = args[0]
	if err := checkName(o.Name); err != nil {
		return err
	}
	if err := f.Connection.Check(); err != nil {
		return err
	}
	o.options = f.Given()
	if o.FromEnv && !f.EnvironmentGives() {
		return exit.BadArgsf("--%s: no variable of the environment gives an option", flagFromEnv)
	}
	if o.Manifest != "" {
		read, err := contexts.FromManifest(o.Manifest)
		if err != nil {
			return exit.With(exit.IO, fmt.Errorf("--%s: %w", flagManifest, err))
		}
		for name, value := range read {
			if !f.GivenOnLine(name) {
				o.options[name] = value
			}
		}
	}
	if err := o.identify(f, cmd); err != nil {
		return err
	}
	for _, name := range []string{etcd.FlagCACert, etcd.FlagCert, etcd.FlagKey} {
		if file, given := o.options[name]; given {
			o.options[name] = absolute(file)
		}
	}
	return o.asUser(f)
}

// identify determines who logs in, and where the password comes from.
func (o *addOptions) identify(f *cli.Factory, cmd *cobra.Command) error {
	c := &f.Connection
	name, password, split := strings.Cut(c.User, ":")
	if split && c.Password == "" && c.PasswordFile == "" {
		if f.GivenOnLine(etcd.FlagUser) {
			return keepsNone("--" + etcd.FlagUser + " NAME:PASSWORD")
		}
		o.leftOut = append(o.leftOut, f.Origin(etcd.FlagUser))
	}
	if _, o.user = password, c.User; split {
		o.user = name
	}
	for _, flag := range []string{etcd.FlagPassword, etcd.FlagToken} {
		switch {
		case !f.Globals().Changed(flag) || f.Globals().Lookup(flag).Value.String() == "":
		case f.GivenOnLine(flag):
			return keepsNone("--" + flag)
		default:
			o.leftOut = append(o.leftOut, f.Origin(flag))
		}
	}
	o.login = contexts.Login{PasswordFile: c.PasswordFile, PasswordCommand: o.Command, CredentialHelper: o.Helper, TokenFile: c.TokenFile}
	if err := cli.Exclusive(cmd.Flags(), etcd.FlagPasswordFile, etcd.FlagTokenFile, flagCommand, flagHelper); err != nil {
		return err
	}
	if strings.ContainsAny(o.Helper, `/\`) {
		return exit.BadArgsf("--%s wants a name: the part after docker-credential- of the program", flagHelper)
	}
	for _, file := range []*string{&o.login.PasswordFile, &o.login.TokenFile} {
		if *file == secret.Stdin {
			return exit.BadArgsf("a context cannot read standard input: name a file, or use --%s", flagCommand)
		}
		*file = absolute(*file)
	}
	if o.login.HasSecret() && o.login.TokenFile == "" && o.user == "" && f.AsUser() == "" {
		return exit.BadArgsf("a password needs its user: give --%s", etcd.FlagUser)
	}
	return nil
}

// asUser completes the options with --as, which adds a user to a context.
func (o *addOptions) asUser(f *cli.Factory) error {
	if o.as = f.AsUser(); o.as == "" {
		return nil
	}
	o.login.Cert, o.login.Key = o.options[etcd.FlagCert], o.options[etcd.FlagKey]
	for name := range o.options {
		if f.GivenOnLine(name) && name != etcd.FlagCert && name != etcd.FlagKey {
			return exit.BadArgsf("--%s adds a user to a context, so --%s has no effect: leave it out", cli.FlagAs, name)
		}
	}
	if o.Protected || o.Manifest != "" || o.FromEnv {
		return exit.BadArgsf("--%s adds a user to an existing context: leave out the options of a new one", cli.FlagAs)
	}
	if f.GivenOnLine(etcd.FlagUser) {
		return exit.BadArgsf("--%s and --%s exclude each other: choose one", cli.FlagAs, etcd.FlagUser)
	}
	return nil
}

// keepsNone is the error of a secret on the command line.
func keepsNone(option string) error {
	return exit.BadArgsf("%s: a context keeps no secret: give --%s, --%s or --%s", option, etcd.FlagPasswordFile, flagCommand, flagHelper)
}

// absolute returns the full name of a file.
func absolute(file string) string {
	if full, err := filepath.Abs(file); err == nil && file != "" {
		return full
	}
	return file
}

// checkName refuses what cannot be the name of a context.
func checkName(name string) error {
	if name == cli.NoContext {
		return exit.BadArgsf("%q stands for no context: give another name", name)
	}
	if err := contexts.CheckName(name); err != nil {
		return exit.BadArgsf("%q cannot be a name: %w", name, err)
	}
	return nil
}

// exists is the error if there is a context called name.
func exists(name string) error { return fmt.Errorf("the context %s exists", name) }

func runAdd(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	result, current := output.ContextChanged{Change: "added", Names: []string{opts.Name}, User: opts.as}, ""
	err := update(ctx, f, func(file *contexts.File) error {
		current = file.Current
		if opts.as != "" {
			return opts.addUser(f, file)
		}
		return opts.add(file)
	})
	if err != nil {
		return err
	}
	for _, variable := range opts.leftOut {
		f.Warn(fmt.Sprintf("the secret in %s is not kept: name its source with --%s, --%s or --%s", variable, etcd.FlagPasswordFile, flagCommand, flagHelper))
	}
	if err := f.Print(result); err != nil {
		return err
	}
	if opts.as == "" && current != opts.Name && f.Explains() {
		f.Say(fmt.Sprintf("To use it: \"%s context use %s\", or --%s %s", f.Program, opts.Name, cli.FlagContext, opts.Name))
	}
	return nil
}

// add adds a context.
func (o *addOptions) add(file *contexts.File) error {
	c := &contexts.Context{Name: o.Name, Protected: o.Protected, Options: o.options, User: o.user, Login: o.login}
	if len(c.Options) == 0 && c.User == "" && c.Login.IsZero() {
		return exit.BadArgsf("there is nothing to keep: give options, such as --%s", endpoints)
	}
	at := slices.IndexFunc(file.Contexts, func(other *contexts.Context) bool { return other.Name == o.Name })
	switch {
	case at < 0:
		file.Contexts = append(file.Contexts, c)
	case !o.Replace:
		return fmt.Errorf("%w: --%s replaces it", exists(o.Name), flagReplace)
	default:
		file.Contexts[at] = c
	}
	return nil
}

// addUser adds a user to a context.
func (o *addOptions) addUser(f *cli.Factory, file *contexts.File) error {
	c, err := find(f, file, o.Name)
	if err != nil {
		return err
	}
	_, known := c.LoginOf(o.as)
	switch {
	case o.login.IsZero():
		return exit.BadArgsf("a user of a context needs --%s, --%s, --%s, --%s or --%s", etcd.FlagPasswordFile, flagCommand, flagHelper, etcd.FlagTokenFile, etcd.FlagCert)
	case known && !o.Replace:
		return fmt.Errorf("the context %s has a user %s: --%s replaces its login", o.Name, o.as, flagReplace)
	case o.as == c.User:
		c.Login = o.login
	default:
		users := maps.Clone(c.Users)
		if users == nil {
			users = map[string]contexts.Login{}
		}
		users[o.as] = o.login
		c.Users = users
	}
	return nil
}
