package rbac

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/visible"
	"github.com/ectl-io/ectl/output"
)

// planOptions holds the flags of "rbac plan".
type planOptions struct {
	planning
	ExitCode     bool
	NoNewAccess  bool
	TryPasswords bool
}

// planning holds the flags of plan and apply that select what is compared.
type planning struct {
	Files           policyFiles
	Prune           bool
	UpdatePasswords bool
	Children        cli.Children
}

func (o *planning) addFlags(fs *pflag.FlagSet) {
	o.Files.addFlags(fs)
	fs.BoolVar(&o.Prune, "prune", false, "also remove users, roles, permissions and memberships that the policy does not name")
	fs.BoolVar(&o.UpdatePasswords, "update-passwords", false, "while authentication is off: also set the passwords of existing users")
	o.Children.AddFlags(fs, "the policy's commands")
}

// reconciler reads the policy, and returns the engine that compares the cluster with it.
func (o *planning) reconciler(ctx context.Context, f *cli.Factory) (*reconcile.Reconciler, error) {
	p, err := o.Files.read(ctx, f)
	if err != nil {
		return nil, err
	}
	r := f.Reconciler(p, o.Children)
	r.Prune, r.UpdatePasswords = o.Prune, o.UpdatePasswords
	return r, nil
}

const flagTryPasswords = "try-passwords"

// The exit statuses of plan that are answers.
const (
	exitChanges   exit.Code = 2
	exitNewAccess exit.Code = 4
)

func newPlanCmd(f *cli.Factory) *cobra.Command {
	opts := &planOptions{}
	cmd := &cobra.Command{
		Use:   "plan -f FILE",
		Short: "Show the changes that a policy file would make",
		Long: `Show the changes that "rbac apply" would make so that the cluster matches a
policy file. Also show their effect: for each user, the keys that it gains and
loses access to. Nothing is changed.

Without --prune, only users and roles that the policy names are changed. The
plan lists what stays although the policy does not name it.

Passwords are not read, so that an untrusted policy can be planned. None of its
commands is run, and no variable or file with a password is read. A warning
names the users whose password may differ.

With --try-passwords, the passwords of existing users are read while
authentication is on, and each is verified with a login. This runs the commands
of the policy with /bin/sh. They do not inherit ETCDCTL_USER, ETCDCTL_PASSWORD
and ETCDCTL_AUTH_JWT_TOKEN, unless --keep-env-secrets is given. Passwords that
cannot be read are skipped with a warning.

Exit status: 0 for success, 1 for errors, 3 for an invalid policy file. With
--exit-code, 2 if there are changes, and 1 if there is no connection. With
--no-new-access, 4 if any user gains access: new keys, the role root, or a
changed password.`,
		Example: `  # Show what would change.
  ectl rbac plan -f policy.yaml
  # End with status 2 if something would change.
  ectl rbac plan -f policies/ --prune --exit-code
  # End with status 4 if a user would gain access.
  ectl rbac plan -f policy.yaml --no-new-access --try-passwords -w json`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runPlan),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.TryPasswords, flagTryPasswords, false, "read and verify the passwords of existing users; runs the policy's commands")
	cmd.Flags().BoolVar(&opts.ExitCode, "exit-code", false, "exit with status 2 if there are changes")
	cmd.Flags().BoolVar(&opts.NoNewAccess, "no-new-access", false, "exit with status 4 if any user gains access")
	return cli.FormatsOf(cmd, output.PolicyPlan{})
}

// Complete implements cli.Options.
func (o *planOptions) Complete(*cli.Factory, *cobra.Command, []string) error {
	return o.Files.validate()
}

func runPlan(ctx context.Context, f *cli.Factory, opts *planOptions) error {
	err := preview(ctx, f, opts)
	if opts.ExitCode && exit.CodeOf(err) == exit.BadConnection && !exit.IsAnswer(err) {
		err = exit.Force(exit.Error, err) // 2 means that there are changes
	}
	return err
}

func preview(ctx context.Context, f *cli.Factory, opts *planOptions) error {
	r, err := opts.reconciler(ctx, f)
	if err != nil {
		return err
	}
	c, err := r.Preview(ctx, f.Session, opts.TryPasswords)
	if err != nil {
		return err
	}
	p := c.Plan
	for _, fault := range c.Faults {
		f.Warn(fault.String() + ": it is ignored")
	}
	if len(c.Untried) > 0 {
		f.Warn(untried(c.Untried))
	}
	unmet, err := r.UnmetAfter(ctx, p)
	if err != nil {
		return err
	}
	for _, failed := range unmet {
		f.Warn(failed.String())
	}
	f.WarnOfPlannedGrants(p, r.Policy.Waivers)
	if err := f.Print(output.PolicyPlan{Plan: p, Untried: c.Untried}); err != nil {
		return err
	}
	switch {
	case opts.NoNewAccess && len(p.NewAccess()) > 0:
		if err := f.Printer().Flush(); err != nil { // print the plan before the message
			return exit.With(exit.IO, err)
		}
		f.Say("New access for " + strings.Join(p.NewAccess(), ", "))
		return exit.Answer(exitNewAccess)
	case opts.ExitCode && !p.IsEmpty():
		return exit.Answer(exitChanges)
	}
	return nil
}

// untried warns of passwords that were not verified.
func untried(users []string) string {
	s := "s"
	if len(users) == 1 {
		s = ""
	}
	return fmt.Sprintf("the password%s of %s may change: --%s reads and verifies the passwords of the policy", s, visible.Line(strings.Join(users, ", ")), flagTryPasswords)
}
