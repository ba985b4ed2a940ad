package rbac

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
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

const flagTryPasswords = "try-passwords"

// The statuses of plan that answer questions.
const (
	exitChanges   exit.Code = 2
	exitNewAccess exit.Code = 4
)

func newPlanCmd(f *cli.Factory, run func(context.Context, *planOptions) error) *cobra.Command {
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
		Example: `  ` + f.Program + ` rbac plan -f policy.yaml
  ` + f.Program + ` rbac plan -f policies/ --prune --exit-code
  ` + f.Program + ` rbac plan -f policy.yaml --no-new-access --try-passwords -w json`,
		Args: cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			if err := opts.Files.validate(); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			err := runPlan(ctx, f, opts)
			if opts.ExitCode && exit.CodeOf(err) == exit.BadConnection && !exit.IsAnswer(err) {
				err = exit.Force(exit.Error, err) // 2 means that there are changes
			}
			return err
		}),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.TryPasswords, flagTryPasswords, false, "read the passwords of users that are there, and try them: runs the policy's commands")
	cmd.Flags().BoolVar(&opts.ExitCode, "exit-code", false, "end with the status 2 if there is something to change")
	cmd.Flags().BoolVar(&opts.NoNewAccess, "no-new-access", false, "end with the status 4 if any user gains access")
	return cli.FormatsOf(cmd, output.PolicyPlan{})
}

func runPlan(ctx context.Context, f *cli.Factory, opts *planOptions) error {
	wanted, err := opts.Files.read(ctx, f)
	if err != nil {
		return err
	}
	known := newPasswords(opts.Children)
	known.untouched = !opts.TryPasswords
	c, err := opts.compare(ctx, f, wanted, known)
	if err != nil {
		return err
	}
	p := c.Plan
	for _, fault := range known.faults {
		f.Warn(fault.String() + ": it is not looked at")
	}
	if len(c.Untried) > 0 {
		f.Warn(untried(c.Untried))
	}
	unmet, err := expectations(ctx, p, wanted)
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

// expectations returns what the policy expects and does not hold once the plan
// is executed.
func expectations(ctx context.Context, p *plan.Plan, wanted policy.Policy) (policy.Errors, error) {
	return iostreams.Await(ctx, func() (policy.Errors, error) { return p.Expectations(wanted.Expect), nil })
}

// untried says which passwords were not looked at.
func untried(users []string) string {
	s := "s"
	if len(users) == 1 {
		s = ""
	}
	return fmt.Sprintf("the password%s of %s may change: --%s reads and tries the passwords of the policy", s, visible.Line(strings.Join(users, ", ")), flagTryPasswords)
}

// comparison is a plan and what it was made from.
type comparison struct {
	Snapshot reader.Snapshot
	Options  plan.Options
	Plan     *plan.Plan
	Untried  []string // users there whose password may be another one
}

// compare looks at the cluster and returns what makes it follow the policy.
// Passwords that are read for it are added to known.
func (o *planning) compare(ctx context.Context, f *cli.Factory, wanted policy.Policy, known *passwords) (c comparison, err error) {
	if c.Snapshot, err = readAll(ctx, f); err != nil {
		return c, err
	}
	dialer, err := f.Dialer(ctx)
	if err != nil {
		return c, err
	}
	self, err := dialer.Self()
	if err != nil {
		return c, err
	}
	if err := o.mayPrune(c.Snapshot, wanted, self); err != nil {
		return c, err
	}
	outdated, untried, err := known.outdated(ctx, f, c.Snapshot, wanted, self.User, o.UpdatePasswords)
	if err != nil {
		return c, err
	}
	c.Untried = untried
	c.Options = plan.Options{Prune: o.Prune, Identity: self.User, NewPasswords: outdated}
	c.Plan, err = iostreams.Await(ctx, func() (*plan.Plan, error) { return plan.New(c.Snapshot.State, wanted, c.Options) })
	return c, exit.With(exit.InvalidInput, err)
}

// mayPrune refuses to remove all of what the policy says nothing about, which is
// more likely in a file that was forgotten, and to remove users where nobody
// knows which of them it runs as.
func (o *planning) mayPrune(there reader.Snapshot, wanted policy.Policy, self etcd.Self) error {
	if !o.Prune {
		return nil
	}
	if there.Enabled && self.User == "" {
		return exit.BadArgsf("the token does not say whose it is: --prune could remove you; say who you are with --user or a client certificate")
	}
	users := len(there.Users)
	if _, ok := there.Users[access.RootUser]; ok {
		users--
	}
	roles := len(there.Roles)
	if _, ok := there.Roles[access.RootRole]; ok {
		roles--
	}
	for _, section := range []struct {
		name  string
		said  bool
		there int
	}{{"users", wanted.SaysUsers, users}, {"roles", wanted.SaysRoles, roles}} {
		if !section.said && section.there > 0 {
			return exit.With(exit.InvalidInput, fmt.Errorf("the policy has no %s, and --prune would remove all %d of them: is a file missing? Write \"%s: {}\" where that is meant", section.name, section.there, section.name))
		}
	}
	return nil
}
