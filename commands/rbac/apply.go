package rbac

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// applyOptions holds the flags of "rbac apply".
type applyOptions struct {
	planning
	Yes bool
}

func newApplyCmd(f *cli.Factory) *cobra.Command {
	opts := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Apply a policy file to the users and roles of the cluster",
		Long: `Change the users, roles and permissions of the cluster so that they match a
policy file. The command shows the plan of "rbac plan", asks for confirmation,
and applies it.

Without --prune, only users and roles that the policy names are changed. The
user root with its role root, and the user that runs the command, never lose
access.

During the changes, no user loses access that both the old and the new state
allow. No user gets access that neither allows. To ensure this, access is added
before it is revoked. If necessary, roles named ectl-keep-N hold access for a
while. If the command is interrupted, run it again to complete the changes.

The command stops if another client changes users or roles at the same time. At
the end, it reads all users and roles and compares them with the policy.

A password is set when its user is added, or if a login shows that it differs.
While authentication is off, existing passwords are set only with
--update-passwords. Passwords are read before the confirmation. This runs the
commands of the policy with /bin/sh. They do not inherit ETCDCTL_USER,
ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN, unless --keep-env-secrets is given.
"rbac plan" runs no commands.

Generated passwords are printed once, before the first change. The result lists
the passwords in effect. If the passwords cannot be printed, nothing is changed.

Exit status: 0 for success, 1 for errors, 3 for an invalid policy file.`,
		Example: `  ectl rbac apply -f policy.yaml
  ectl rbac apply -f policies/ --prune --yes`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runApply),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Yes, cli.FlagYes, false, "apply the policy without confirmation")
	return cli.FormatsOf(cmd, output.PolicyApplied{})
}

// Complete implements cli.Options.
func (o *applyOptions) Complete(f *cli.Factory, _ *cobra.Command, _ []string) error {
	if err := o.Files.validate(); err != nil {
		return err
	}
	return f.RequireYes(o.Yes)
}

func runApply(ctx context.Context, f *cli.Factory, opts *applyOptions) error {
	r, err := opts.reconciler(ctx, f)
	if err != nil {
		return err
	}
	parts, begun := f.Printer().Parts(), false
	result, err := r.Apply(ctx, f.Session, reconcile.Caller{
		Agree: func(ctx context.Context, p *plan.Plan) error {
			return f.AgreeToPlan(ctx, p, r.Policy.Waivers, opts.Yes)
		},
		Failed: f.SayFailedApply,
		Deliver: func(ctx context.Context, passwords []secret.GeneratedPassword) error {
			err := f.Deliver(ctx, func() error { return parts.Begin(output.PolicyPasswords{Passwords: passwords}) })
			begun = err == nil
			return err
		},
	})
	if err != nil && f.Streams.Lost() != nil {
		return err // a write would terminate the program before it reports err
	}
	if err == nil || result.Changes > 0 || begun {
		return errors.Join(err, parts.Finish(output.PolicyApplied{Result: result}))
	}
	return err
}
