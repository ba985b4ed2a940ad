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

// planOptions is what "rbac plan" was asked to do.
type planOptions struct {
	planning
	ExitCode     bool
	NoNewAccess  bool
	TryPasswords bool
}

// planning is how a policy is compared with the cluster.
type planning struct {
	Files           policyFiles
	Prune           bool
	UpdatePasswords bool
	Children        cli.Children
}

func (o *planning) addFlags(fs *pflag.FlagSet) {
	o.Files.addFlags(fs)
	fs.BoolVar(&o.Prune, "prune", false, "remove users, roles, permissions and memberships that the policy does not name")
	fs.BoolVar(&o.UpdatePasswords, "update-passwords", false, "while authentication is off: set the passwords of users that are there, too")
	o.Children.AddFlags(fs, "the policy's commands")
}

// reconciler reads the policy, and returns what makes the cluster follow it.
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

// The statuses of plan that answer questions.
const (
	exitChanges   exit.Code = 2
	exitNewAccess exit.Code = 4
)

func newPlanCmd(f *cli.Factory) *cobra.Command {
	opts := &planOptions{}
	cmd := &cobra.Command{
		Use:   "plan -f FILE",
		Short: "Show what would make the cluster follow a policy, and what that means",
		Long: `Show what rbac apply would change, so that the cluster follows a policy file,
and what that means: for each user, which keys it can read and write then and
cannot now, and the other way round. Nothing is changed.

Without --prune only what the policy names is changed: whatever else there is
stays.

No password is looked at, so that the policy of a stranger can be planned: none
of its commands is run, no variable and no file with a password is read, and a
warning names the users whose password may be another one.

With --try-passwords the passwords of users that are there are read, while
authentication is on, and each is tried with a login. That runs the commands of
the policy, with /bin/sh, and without ETCDCTL_USER, ETCDCTL_PASSWORD and
ETCDCTL_AUTH_JWT_TOKEN unless --keep-env-secrets is given. Passwords that cannot
be read here are left out, with a warning.

Exit status: 0, and 1 for errors; 3 for a file that is no policy. With
--exit-code 2 if there is something to change, and 1 if there is no connection.
With --no-new-access 4 if any user gains access: new keys, the role root, or a
password that changes.`,
		Example: `  ectl rbac plan -f policy.yaml
  ectl rbac plan -f policies/ --prune --exit-code
  ectl rbac plan -f policy.yaml --no-new-access --try-passwords -w json`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runPlan),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.TryPasswords, flagTryPasswords, false, "read the passwords of users that are there, and try them: runs the policy's commands")
	cmd.Flags().BoolVar(&opts.ExitCode, "exit-code", false, "end with the status 2 if there is something to change")
	cmd.Flags().BoolVar(&opts.NoNewAccess, "no-new-access", false, "end with the status 4 if any user gains access")
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
		f.Warn(fault.String() + ": it is not looked at")
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
	if err := f.Print(output.PolicyPlan{Plan: p, Untried: c.Untried, Colour: f.Streams.Colour(f.Streams.OutIsTerminal)}); err != nil {
		return err
	}
	switch {
	case opts.NoNewAccess && len(p.NewAccess()) > 0:
		if err := f.Printer().Flush(); err != nil { // first things first
			return exit.With(exit.IO, err)
		}
		f.Say("New access for " + strings.Join(p.NewAccess(), ", "))
		return exit.Answer(exitNewAccess)
	case opts.ExitCode && !p.IsEmpty():
		return exit.Answer(exitChanges)
	}
	return nil
}

// untried says which passwords were not looked at.
func untried(users []string) string {
	s := "s"
	if len(users) == 1 {
		s = ""
	}
	return fmt.Sprintf("the password%s of %s may change: --%s reads and tries the passwords of the policy", s, visible.Line(strings.Join(users, ", ")), flagTryPasswords)
}
