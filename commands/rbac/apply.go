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

// applyOptions is what "rbac apply" was asked to do.
type applyOptions struct {
	planning
	Yes bool
}

func newApplyCmd(f *cli.Factory) *cobra.Command {
	opts := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Make the cluster follow a policy",
		Long: `Make the users, roles and permissions of the cluster follow a policy file. It
shows what rbac plan shows, asks, and does it.

Without --prune only what the policy names is changed: whatever else there is
stays. The user root, its hold on the role root, and the user that the command
runs as are never taken anything, whatever the policy says.

At no point anybody loses access that both the old and the new state allow, or
has access that neither does: what adds access goes before what takes it. Where
that is not enough, roles called ectl-keep-N hold access for a while. A command
that was interrupted is run again: it does the rest.

It stops where somebody else changes users or roles at the same time. When all
is done, it reads everything back and compares.

A password is set when its user is added, and later where a login shows that it
is another one; while authentication is off only with --update-passwords. These
passwords are read before it asks. That runs the commands of the policy, with
/bin/sh, and without ETCDCTL_USER, ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN
unless --keep-env-secrets is given. rbac plan runs none.
Generated passwords are printed once, before the first change: the result says
which of them are in effect then. Without a reader of them nothing is changed.

Exit status: 0, and 1 for errors; 3 for a file that is no policy.`,
		Example: `  ectl rbac apply -f policy.yaml
  ectl rbac apply -f policies/ --prune --yes`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runApply),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Yes, cli.FlagYes, false, "do not ask")
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
		Agree:  func(ctx context.Context, p *plan.Plan) error { return f.AgreeToPlan(ctx, p, opts.Yes) },
		Failed: f.SayFailedApply,
		Deliver: func(ctx context.Context, passwords []secret.GeneratedPassword) error {
			err := f.Deliver(ctx, func() error { return parts.Begin(output.PolicyPasswords{Passwords: passwords}) })
			begun = err == nil
			return err
		},
	})
	if err != nil && f.Streams.Lost() != nil {
		return err // to write would end the program before it says so
	}
	if err == nil || result.Changes > 0 || begun {
		return errors.Join(err, parts.Finish(output.PolicyApplied{Result: result}))
	}
	return err
}
