package rbac

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// applyOptions holds the flags of "rbac apply".
type applyOptions struct {
	planning
	Yes    bool
	Backup string // file for the policy of before; empty: none
}

const flagBackup = "backup"

func newApplyCmd(f *cli.Factory) *cobra.Command {
	opts := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Apply a policy file to the users and roles of the cluster",
		Long: `Change the users, roles and permissions of the cluster so that they match a
policy file. The command shows the plan of "rbac plan", asks for confirmation,
and applies it.

--backup keeps the users, roles and permissions of before as a policy file. They
can be restored with "rbac apply --prune", except passwords. In the shell, \undo
shows this command.

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
"rbac plan" and --dry-run run no commands.

Generated passwords are printed once, before the first change. The result lists
the passwords in effect. If the passwords cannot be printed, nothing is changed.

Exit status: 0 for success, 1 for errors, 3 for an invalid policy file.`,
		Example: `  # Show the plan, ask, and apply it.
  ectl rbac apply -f policy.yaml
  # Apply a folder of policies, and remove what they do not name.
  ectl rbac apply -f policies/ --prune --yes`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runApply),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Yes, cli.FlagYes, false, "apply the policy without confirmation")
	cmd.Flags().StringVar(&opts.Backup, flagBackup, "", "before the first change, export the users and roles to this `file`, which must not exist")
	return cli.FormatsOf(cli.Destroys(f, cmd, opts, cli.Destruction[*applyOptions]{}), output.PolicyApplied{})
}

// Complete implements cli.Options.
func (o *applyOptions) Complete(f *cli.Factory, _ *cobra.Command, _ []string) error {
	if err := o.Files.validate(); err != nil {
		return err
	}
	if err := o.checkBackup(); err != nil {
		return err
	}
	return f.RequireYes(o.Yes, slices.Contains(o.Files.Paths, secret.Stdin))
}

// checkBackup refuses a file that exists. A second run of an interrupted apply would
// replace the policy of before with a half-changed one.
func (o *applyOptions) checkBackup() error {
	if o.Backup == "" {
		return nil
	}
	if _, err := os.Lstat(o.Backup); err == nil {
		return exit.BadArgsf("--%s: %s already exists: nothing was changed; give another name", flagBackup, o.Backup)
	}
	return nil
}

// backUp writes the users and roles of before as a policy.
func (o *applyOptions) backUp(f *cli.Factory, before access.State) error {
	if o.Backup == "" || f.DryRun() {
		return nil
	}
	text, err := policy.YAML(before)
	if err == nil {
		var file *atomicfile.File
		if file, err = atomicfile.Write(o.Backup, text, backupMode); err == nil {
			err = file.Commit()
		}
	}
	if err != nil {
		return exit.With(exit.IO, fmt.Errorf("--%s: %w: nothing was changed", flagBackup, err))
	}
	f.Say(fmt.Sprintf("The policy of before is in %s; to return to it: %s", o.Backup, o.restore(f)))
	return nil
}

// noteUndo records how the shell takes back the changes of a plan. What only adds is taken
// back like any other addition.
func (o *applyOptions) noteUndo(f *cli.Factory, p *plan.Plan) {
	switch {
	case o.Backup != "" && p.DeletesUsers():
		f.NotUndone("it has deleted users, whose passwords cannot be read: add sources of passwords to " + o.Backup + ", and apply it with --prune")
	case o.Backup != "":
		f.UndoneBy(o.restoreArgs()...)
	case !p.OnlyAdds():
		f.NotUndone("the policy has removed or replaced something; --" + flagBackup + " keeps the policy of before, which can be applied again")
	}
}

// restoreArgs returns the arguments of the command that applies the backup.
func (o *applyOptions) restoreArgs() []string {
	return cli.CommandArgs("rbac apply", []string{"-f", o.Backup, "--prune"})
}

// backupMode lets only the owner read the backup, which shows who may do what.
const backupMode = 0o600

// restore returns the command line that applies the backup.
func (o *applyOptions) restore(f *cli.Factory) string {
	line, ok := f.CommandLine(o.restoreArgs()...)
	if !ok {
		return "rbac apply -f FILE --prune"
	}
	return line
}

func runApply(ctx context.Context, f *cli.Factory, opts *applyOptions) error {
	r, err := opts.reconciler(ctx, f)
	if err != nil {
		return err
	}
	parts, begun := f.Printer().Parts(), false
	result, err := r.Apply(ctx, f.Session, reconcile.Caller{
		Agree: func(ctx context.Context, p *plan.Plan) error {
			if err := f.AgreeToPlan(ctx, p, r.Policy.Waivers, opts.Yes); err != nil {
				return err
			}
			if err := opts.backUp(f, p.Before); err != nil {
				return err
			}
			opts.noteUndo(f, p)
			return nil
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
