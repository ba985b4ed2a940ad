package auth

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/authn"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// bootstrapOptions holds the flags of "auth bootstrap".
type bootstrapOptions struct {
	Password   cli.NewPassword // password of root
	NoPassword bool
	Policies   []string // paths of policy files
	Yes        bool
	Children   cli.Children

	interactiveGiven bool
	file             *cli.Delivery // of root's generated password; nil if it is printed
}

const (
	flagNoPassword  = "no-password"
	flagFile        = "file"
	flagInteractive = "interactive"
)

func newBootstrapCmd(f *cli.Factory) *cobra.Command {
	opts := &bootstrapOptions{}
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Enable authentication and verify the login of root",
		Long: `Enable authentication on a cluster with or without users. The command adds the
role root and the user root, enables authentication, and logs in as root. If the
login fails, authentication is disabled again, and the reason is printed. Each
step is printed. Steps that are already done are skipped, so the command can be
run again. Generated passwords are printed before they are set. If they cannot
be printed, nothing is changed.

The password of root comes from --user root or a file, or is generated or
prompted for. An existing user root gets this password. With --no-password, root
is identified by a certificate with the common name root: give it with --cert
and --key.

With -f, the users, roles and permissions of policy files are applied before
authentication is enabled (see "rbac apply"). The assertions of the policy are
checked afterwards. This runs the commands that print the passwords of new
users, with /bin/sh. They do not inherit ETCDCTL_USER, ETCDCTL_PASSWORD and
ETCDCTL_AUTH_JWT_TOKEN, unless --keep-env-secrets is given.

During the login of root, a user ectl-rescuer-... with the role root exists,
which could disable authentication again. Its password is random and is not
shown. If a run is killed, this user may remain. The next run deletes it.`,
		Example: `  # Prompt for the password of root.
  ectl auth bootstrap
  # Read it from a file, and apply a policy without a question.
  ectl auth bootstrap --new-user-password-file root.password \
    -f policy.yaml --yes
  # Generate the password, and print it once.
  ectl auth bootstrap --generate-password -w json
  # Generate it into a new file that only you can read.
  ectl auth bootstrap --generate-password \
    --new-user-password-out root.password
  # Identify root by a client certificate.
  ectl auth bootstrap --no-password --cert root.crt --key root.key`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runBootstrap),
	}
	opts.Password.AddFlags(cmd.Flags())
	opts.Password.AddOutFlag(cmd.Flags())
	cmd.Flags().BoolVar(&opts.NoPassword, flagNoPassword, false, "root has no password, and is identified by the common name of its certificate")
	cmd.Flags().StringArrayVarP(&opts.Policies, flagFile, "f", nil, "policy `file` or folder to apply (-: standard input); repeatable")
	opts.Children.AddFlags(cmd.Flags(), "the policy's commands")
	cmd.Flags().BoolVar(&opts.Yes, cli.FlagYes, false, "apply the policy without confirmation")
	cli.Destroys(f, cmd, opts, cli.Destruction[*bootstrapOptions]{If: func(o *bootstrapOptions) bool { return len(o.Policies) > 0 }})
	return cli.FormatsOf(cmd, output.Bootstrap{})
}

// Complete implements cli.Options.
func (o *bootstrapOptions) Complete(f *cli.Factory, cmd *cobra.Command, _ []string) error {
	o.interactiveGiven = cmd.Flags().Changed(flagInteractive)
	format := f.Printer().Format()
	if o.NoPassword {
		return o.Password.Validate(format, "--"+flagNoPassword)
	}
	return o.Password.Validate(format)
}

func runBootstrap(ctx context.Context, f *cli.Factory, opts *bootstrapOptions) error {
	steps := f.Printer().Bootstrap()
	outcome, err := bootstrap(ctx, f, opts, opts.report(f, steps))
	// The finished steps are printed in any case.
	if printed := steps.End(); err == nil {
		err = printed
	}
	if err == nil || !outcome.Delivered {
		return err
	}
	if opts.file != nil {
		return opts.file.Fail(ctx, err, outcome.Effect, nil)
	}
	if ctx.Err() != nil { // the error of an interrupted command is not printed
		f.Say("Interrupted: " + outcome.Effect.String())
	}
	return diagnose.WithOutcome(err, outcome.Effect.String())
}

func bootstrap(ctx context.Context, f *cli.Factory, opts *bootstrapOptions, report authn.Report) (outcome authn.Outcome, err error) {
	b := &authn.Bootstrap{Session: f.Session, NoPassword: opts.NoPassword, Generated: opts.Password.Generate, Report: report}
	if len(opts.Policies) > 0 {
		if b.Reconciler, err = readPolicy(ctx, f, opts); err != nil {
			return outcome, err
		}
		b.Agree = func(ctx context.Context, p *plan.Plan) error {
			return f.AgreeToPlan(ctx, p, b.Reconciler.Policy.Waivers, opts.Yes)
		}
	}
	if err := identify(ctx, f, opts, b); err != nil {
		return outcome, err
	}
	defer b.Root.Disconnect()
	return b.Run(ctx)
}

func readPolicy(ctx context.Context, f *cli.Factory, opts *bootstrapOptions) (*reconcile.Reconciler, error) {
	if err := f.RequireYes(opts.Yes, slices.Contains(opts.Policies, secret.Stdin)); err != nil {
		return nil, err
	}
	p, err := reconcile.ReadPolicy(ctx, f.Stdin(), opts.Policies)
	if err != nil {
		return nil, err
	}
	return f.Reconciler(p, opts.Children), nil
}

// identify determines the credentials with which root logs in.
func identify(ctx context.Context, f *cli.Factory, opts *bootstrapOptions, b *authn.Bootstrap) error {
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err != nil {
		return err
	}
	if opts.NoPassword {
		if !dialer.Secure() || self.Cert == nil || self.Cert.Subject.CommonName != access.RootUser {
			return exit.BadArgsf("--%s needs a client certificate with the common name root: give it with --%s and --%s, and use endpoints with TLS",
				flagNoPassword, etcd.FlagCert, etcd.FlagKey)
		}
		b.Root = f.As("", "")
		return nil
	}
	source := opts.Password
	isRoot := self.By == etcd.ByPassword && self.User == access.RootUser
	if isRoot && source.File == "" && !source.Generate && !opts.interactiveGiven {
		b.Password = dialer.Password()
		if dialer.Typed() {
			b.Again = func(ctx context.Context) error {
				err := f.Prompter.Again(ctx, access.RootUser, b.Password)
				if err != nil && ctx.Err() == nil {
					err = exit.With(exit.BadArgs, err)
				}
				return err
			}
		}
	} else if b.Password, err = source.Read(ctx, f, access.RootUser); err != nil {
		return err
	}
	if b.Password == "" { // --user root: with an empty password
		return exit.With(exit.BadArgs, prompt.ErrEmptyPassword)
	}
	b.Root = f.As(access.RootUser, b.Password)
	return nil
}

// report prints the progress of a bootstrap.
func (o *bootstrapOptions) report(f *cli.Factory, steps *output.BootstrapStream) authn.Report {
	return authn.Report{
		Report: f.Rollbacks(),
		Failed: f.SayFailedApply,
		Step: func(changed bool, line string) error {
			if err := steps.Next(output.BootstrapStep{Line: line, Changed: changed}); err != nil {
				return err
			}
			return f.Printer().Flush()
		},
		Deliver: func(ctx context.Context, line string, passwords ...secret.GeneratedPassword) (err error) {
			if o.Password.Out != "" && len(passwords) == 1 && passwords[0].User == access.RootUser {
				if o.file, err = o.Password.Deliver(ctx, f, output.PasswordOfUser{GeneratedPassword: passwords[0]}); err != nil {
					return err
				}
				return steps.Next(output.BootstrapStep{Line: line + ", in " + o.Password.Out})
			}
			return f.Deliver(ctx, func() error {
				return steps.Next(output.BootstrapStep{Line: line, Passwords: passwords})
			})
		},
	}
}
