package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/rbac"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/output"
)

// bootstrapOptions is what "auth bootstrap" was asked to do.
type bootstrapOptions struct {
	Password   cli.NewPassword // of root
	NoPassword bool
	Policies   []string // files
	Yes        bool
	Children   cli.Children

	interactiveGiven bool
}

const (
	flagNoPassword  = "no-password"
	flagFile        = "file"
	flagYes         = "yes"
	flagInteractive = "interactive"
)

func newBootstrapCmd(f *cli.Factory, run func(context.Context, *bootstrapOptions) error) *cobra.Command {
	opts := &bootstrapOptions{}
	var cmd *cobra.Command
	cmd = &cobra.Command{
		Use:   "bootstrap",
		Short: "Turn authentication on for the first time, and prove that root can log in",
		Long: `Turn authentication on, from a cluster that has no users as from one that has:
the role root, the user root with it, authentication on, and then a login as
root. If the login fails, authentication is turned off again, and what is wrong
is said. Each step is printed; what is so already is left alone, so that the
command can be run again. Generated passwords are printed before they are set:
without a reader of them nothing is done.

The password of root is that of --user root, comes from a file, is generated, or
is asked for. A user root that exists is given it. With --no-password root is
known by a certificate with the common name root, which --cert and --key give.

With -f the users, roles and permissions of policy files are applied before
authentication is on (see rbac apply), and what they expect is checked after.
That runs the commands which print the passwords of new users, with /bin/sh, and
without ETCDCTL_USER, ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN unless
--keep-env-secrets is given.

While the login is proven there is a user ectl-rescuer-... with the role root,
which could turn authentication off again, and which nobody knows the password
of. A run that was killed may leave it; the next run deletes it.`,
		Example: `  ` + f.Program + ` auth bootstrap
  ` + f.Program + ` auth bootstrap --new-user-password-file root.password -f policy.yaml --yes
  ` + f.Program + ` auth bootstrap --generate-password -w json
  ` + f.Program + ` auth bootstrap --no-password --cert root.crt --key root.key`,
		Args: cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			opts.interactiveGiven = cmd.Flags().Changed(flagInteractive)
			if err := opts.validate(f.Printer().Format()); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runBootstrap(ctx, f, opts)
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	opts.Password.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.NoPassword, flagNoPassword, false, "root has no password: it is known by its certificate's common name")
	cmd.Flags().StringArrayVarP(&opts.Policies, flagFile, "f", nil, "policy `file`, or folder of them, to apply (-: standard input); repeatable")
	opts.Children.AddFlags(cmd.Flags(), "the policy's commands")
	cmd.Flags().BoolVar(&opts.Yes, flagYes, false, "do not ask before a policy is applied")
	return cli.FormatsOf(cmd, output.Bootstrap{})
}

func (o *bootstrapOptions) validate(format output.Format) error {
	if o.NoPassword {
		return o.Password.Validate(format, "--"+flagNoPassword)
	}
	return o.Password.Validate(format)
}

func runBootstrap(ctx context.Context, f *cli.Factory, opts *bootstrapOptions) error {
	b := bootstrap{f: f, opts: opts, steps: f.Printer().Bootstrap()}
	err := b.run(ctx)
	// What was done is said in any case.
	if printed := b.steps.End(); err == nil {
		err = printed
	}
	if err == nil || !b.delivered {
		return err
	}
	if ctx.Err() != nil { // no error of an interrupted command is printed
		f.Say("Interrupted: " + b.effect.String())
	}
	return diagnose.WithOutcome(err, b.effect.String())
}

// bootstrap is one run.
type bootstrap struct {
	f      *cli.Factory
	opts   *bootstrapOptions
	steps  *output.BootstrapStream
	policy *rbac.Policy // nil without one

	password  string       // of root, empty where a certificate is its login
	generated string       // the same where it was generated
	typed     bool         // it was asked for once, as a login is
	root      *cli.Factory // root's own

	delivered bool       // the generated password was printed
	effect    cli.Effect // of that password
}

func (b *bootstrap) run(ctx context.Context) (err error) {
	if len(b.opts.Policies) > 0 {
		if b.policy, err = rbac.ReadPolicy(ctx, b.f, b.opts.Policies, b.opts.Yes, b.opts.Children); err != nil {
			return err
		}
	}
	if err := b.identify(ctx); err != nil {
		return err
	}
	defer b.root.Disconnect()
	client, err := b.f.Client(ctx)
	if err != nil {
		return err
	}
	if err := client.RefusePassword(); err != nil { // root's or that of a rescuer
		return err
	}
	on, err := reader.Enabled(ctx, client, b.f.Timeout)
	switch {
	case err != nil:
		return err
	case on:
		err = b.whereOn(ctx)
	default:
		err = b.whereOff(ctx)
	}
	if err != nil || b.policy == nil {
		return err
	}
	return b.expect(ctx)
}

// identify finds out how root is to log in.
func (b *bootstrap) identify(ctx context.Context) error {
	dialer, err := b.f.Dialer(ctx)
	if err != nil {
		return err
	}
	self, err := dialer.Self()
	if err != nil {
		return err
	}
	if b.opts.NoPassword {
		if !dialer.Secure() || self.Cert == nil || self.Cert.Subject.CommonName != access.RootUser {
			return exit.BadArgsf("with --%s a certificate is the only login of root: give one whose common name is root with --%s and --%s, and endpoints with TLS",
				flagNoPassword, etcd.FlagCert, etcd.FlagKey)
		}
		b.root = b.f.As("", "")
		return nil
	}
	source := b.opts.Password
	isRoot := self.By == etcd.ByPassword && self.User == access.RootUser
	if isRoot && source.File == "" && !source.Generate && !b.opts.interactiveGiven {
		b.password, b.typed = dialer.Password(), dialer.Typed()
	} else if b.password, err = source.Read(ctx, b.f, access.RootUser); err != nil {
		return err
	}
	if source.Generate {
		b.generated = b.password
	}
	if b.password == "" { // --user root:
		return exit.With(exit.BadArgs, prompt.ErrEmptyPassword)
	}
	b.root = b.f.As(access.RootUser, b.password)
	return nil
}

// step prints a step.
func (b *bootstrap) step(changed bool, says string) error {
	if err := b.steps.Next(output.BootstrapStep{Says: says, Changed: changed}); err != nil {
		return err
	}
	return b.f.Printer().Flush()
}

// deliver prints generated passwords, before anything is sent that sets one
// of them.
func (b *bootstrap) deliver(ctx context.Context, says string, passwords ...output.GeneratedPassword) error {
	return b.f.Deliver(ctx, func() error {
		return b.steps.Next(output.BootstrapStep{Says: says, Passwords: passwords})
	})
}

const proven = "Root logged in and can administer"

func either(changed bool, then, otherwise string) string {
	if changed {
		return then
	}
	return otherwise
}

// whereOn proves that root can log in where authentication is on already.
func (b *bootstrap) whereOn(ctx context.Context) error {
	if b.generated != "" {
		return errors.New("authentication is on already, and the password of root is not to be had from the server: nothing was generated and nothing changed; give root's password to have it proven")
	}
	if err := prove(ctx, b.root, atOnce); err != nil {
		return diagnose.WithOutcome(err, "authentication is on already, and root could not log in with what was given; nothing was changed")
	}
	if err := b.step(false, "Authentication is on already"); err != nil {
		return err
	}
	if err := b.dismissOld(ctx, b.root); err != nil {
		return err
	}
	if err := b.apply(ctx, b.root); err != nil {
		return err
	}
	return b.step(false, proven)
}

// whereOff makes root, applies the policy, and turns authentication on.
func (b *bootstrap) whereOff(ctx context.Context) error {
	if b.typed { // what is proven afterwards is the password with its typing error
		if err := b.f.Prompter.Again(ctx, access.RootUser, b.password); err != nil {
			if ctx.Err() == nil {
				err = exit.With(exit.BadArgs, err)
			}
			return err
		}
	}
	if b.generated != "" {
		if err := b.deliver(ctx, "Password of root generated", output.GeneratedPassword{User: access.RootUser, Password: b.generated}); err != nil {
			return err
		}
		b.delivered, b.effect = true, cli.NotInEffect
	}
	if err := b.dismissOld(ctx, b.f); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{b.rootRole, b.rootUser, b.rootGrant} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := b.apply(ctx, b.f); err != nil {
		return err
	}
	if err := enableProven(ctx, b.f, b.root); err != nil {
		return err
	}
	if err := b.step(true, "Authentication enabled"); err != nil {
		return err
	}
	return b.step(true, proven)
}

// change makes a request, and says whether it changed anything: there says that
// it was so before.
func change(ctx context.Context, f *cli.Factory, there error, request cli.Request) (changed bool, err error) {
	_, err = cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (struct{}, error) { return struct{}{}, request(ctx, c) })
	if errors.Is(err, there) {
		return false, nil
	}
	return err == nil, err
}

func (b *bootstrap) rootRole(ctx context.Context) error {
	added, err := change(ctx, b.f, rpctypes.ErrRoleAlreadyExist, func(ctx context.Context, c *etcd.Client) error {
		_, err := c.RoleAdd(ctx, access.RootRole)
		return err
	})
	if err != nil {
		return err
	}
	return b.step(added, either(added, "Role root created", "Role root exists"))
}

func (b *bootstrap) rootUser(ctx context.Context) error {
	added, err := change(ctx, b.f, rpctypes.ErrUserAlreadyExist, func(ctx context.Context, c *etcd.Client) error {
		_, err := c.UserAddWithOptions(ctx, access.RootUser, b.password, &clientv3.UserAddOptions{NoPassword: b.opts.NoPassword})
		return err
	})
	b.sent(added, err)
	if err != nil {
		return err
	}
	if added || b.password == "" {
		return b.step(added, either(added, "User root created", "User root exists"))
	}
	if err := b.step(false, "User root exists"); err != nil {
		return err
	}
	// Which password it has cannot be seen, nor tried before authentication is on.
	_, err = cli.Call(ctx, b.f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserChangePasswordResponse, error) {
		return c.UserChangePassword(ctx, access.RootUser, b.password)
	})
	b.sent(err == nil, err)
	if err != nil {
		return err
	}
	return b.step(true, "Password of root set")
}

// sent notes what became of the request that sets the password of root.
func (b *bootstrap) sent(done bool, err error) {
	switch {
	case done:
		b.effect = cli.InEffect
	case retry.OutcomeUnknown(err):
		b.effect = cli.EffectUnknown
	}
}

// rootGrant grants the role root to root. The server answers a grant of what is
// held already as one that was made.
func (b *bootstrap) rootGrant(ctx context.Context) error {
	user, err := cli.Call(ctx, b.f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserGetResponse, error) {
		return c.UserGet(ctx, access.RootUser)
	})
	if err != nil {
		return err
	}
	holds := slices.Contains(user.Roles, access.RootRole)
	if !holds {
		if _, err := cli.Call(ctx, b.f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserGrantRoleResponse, error) {
			return c.UserGrantRole(ctx, access.RootUser, access.RootRole)
		}); err != nil {
			return err
		}
	}
	return b.step(!holds, either(!holds, "Role root granted to user root", "User root has the role root"))
}

// dismissOld deletes the rescuers that runs which were killed have left, as f.
func (b *bootstrap) dismissOld(ctx context.Context, f *cli.Factory) error {
	users, err := cli.Call(ctx, f, func(ctx context.Context, c *etcd.Client) (*clientv3.AuthUserListResponse, error) {
		return c.UserList(ctx)
	})
	if err != nil {
		return err
	}
	for _, name := range users.Users {
		if !strings.HasPrefix(name, rescuerPrefix) {
			continue
		}
		if left := (rescuer{name: name}).dismiss(ctx, f); left != "" {
			return errors.New(strings.TrimPrefix(left, "; "))
		}
		if err := b.step(true, "User "+name+" deleted, which a run before had left"); err != nil {
			return err
		}
	}
	return nil
}

// apply applies the policy as f.
func (b *bootstrap) apply(ctx context.Context, f *cli.Factory) error {
	if b.policy == nil {
		return nil
	}
	applied, err := b.policy.Apply(ctx, f, func(passwords []output.GeneratedPassword) error {
		return b.deliver(ctx, "Passwords of the policy generated", passwords...)
	})
	if err == nil || applied.Changes > 0 {
		says := either(applied.Changes > 0, "Policy applied", "Policy followed already")
		if err != nil {
			says = "Policy applied in part"
		}
		if printed := b.step(applied.Changes > 0, says); err == nil {
			err = printed
		}
	}
	return err
}

// expect checks what the policy expects, as root.
func (b *bootstrap) expect(ctx context.Context) error {
	if b.policy.Expectations() == 0 {
		return nil
	}
	var unmet []string
	err := cli.AfterChange(ctx, func() (err error) {
		unmet, err = b.policy.Unmet(ctx, b.root)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w; authentication is on, and what the policy expects could not be checked", b.root.Explain(ctx, err))
	}
	if len(unmet) > 0 {
		return fmt.Errorf("authentication is on, and this is not as the policy expects: %s", strings.Join(unmet, "; "))
	}
	all := b.policy.Expectations()
	return b.step(false, quantity.Verb(all, "The expectation of the policy holds", fmt.Sprintf("All %d expectations of the policy hold", all)))
}
