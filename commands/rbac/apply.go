package rbac

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access/apply"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/output"
)

// applyOptions is what "rbac apply" was asked to do.
type applyOptions struct {
	planning
	Yes bool
}

const flagYes = "yes"

func newApplyCmd(f *cli.Factory, run func(context.Context, *applyOptions) error) *cobra.Command {
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
		Example: `  ` + f.Program + ` rbac apply -f policy.yaml
  ` + f.Program + ` rbac apply -f policies/ --prune --yes`,
		Args: cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			if err := opts.validate(f); err != nil {
				return err
			}
			if run != nil {
				return run(ctx, opts)
			}
			return runApply(ctx, f, opts)
		}),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Yes, flagYes, false, "do not ask")
	return cli.FormatsOf(cmd, output.PolicyApplied{})
}

func (o *applyOptions) validate(f *cli.Factory) error {
	if err := o.Files.validate(); err != nil {
		return err
	}
	if !o.Yes && !f.Prompter.Interactive() {
		return exit.BadArgsf("apply asks before it changes anything, and there is no terminal: give --%s", flagYes)
	}
	return nil
}

func runApply(ctx context.Context, f *cli.Factory, opts *applyOptions) error {
	wanted, err := opts.Files.read(ctx, f)
	if err != nil {
		return err
	}
	parts, begun := f.Printer().Parts(), false
	result, err := opts.apply(ctx, f, wanted, func(passwords []output.GeneratedPassword) error {
		if err := f.Deliver(ctx, func() error { return parts.Begin(output.PolicyPasswords{Passwords: passwords}) }); err != nil {
			return err
		}
		begun = true
		return nil
	})
	if err == nil || result.Changes > 0 || begun {
		return errors.Join(err, parts.Finish(result))
	}
	return err
}

// apply makes the cluster follow wanted, once the generated passwords of its plan
// are delivered. The result says what was done, also where that is not all.
func (o *applyOptions) apply(ctx context.Context, f *cli.Factory, wanted policy.Policy, deliver func([]output.GeneratedPassword) error) (result output.PolicyApplied, err error) {
	known := newPasswords(o.Children)
	c, err := o.compare(ctx, f, wanted, known)
	if err != nil {
		return result, err
	}
	p := c.Plan
	for _, d := range p.Differences {
		if d.Subject == plan.User && d.Action == plan.Add {
			known.read(ctx, f, wanted.Users[d.User])
		}
	}
	if ctx.Err() != nil {
		return result, context.Cause(ctx)
	}
	if len(known.faults) > 0 {
		return result, fmt.Errorf("no change of the policy was made: %w", known.faults)
	}
	failed, err := expectations(ctx, p, wanted)
	if err != nil {
		return result, err
	}
	if len(failed) > 0 {
		return result, fmt.Errorf("no change of the policy was made, because it would not bring about what it expects: %w", failed)
	}
	client, err := f.Client(ctx)
	if err != nil {
		return result, err
	}
	result = output.PolicyApplied{Plan: p, Complete: true, RevisionBefore: c.Snapshot.Revision, RevisionAfter: c.Snapshot.Revision}
	if p.IsEmpty() {
		for _, kept := range p.Kept {
			f.Say("Left alone: " + kept)
		}
		result.Requests = client.Requests()
		return result, nil
	}
	if known.sentBy(p) {
		if err := client.RefusePassword(); err != nil { // before the first change
			return result, err
		}
	}
	if agreed, err := agree(ctx, f, o, p); err != nil || !agreed {
		return result, err
	}
	generated := known.generatedFor(p)
	if len(generated) > 0 {
		if err := deliver(generated); err != nil {
			return output.PolicyApplied{}, err
		}
	}
	task := apply.Task{Snapshot: c.Snapshot, Plan: p, Policy: wanted, Options: c.Options, Passwords: known.values}
	shown := newProgress(f, "changes made")
	report, err := apply.Run(ctx, client, f.Timeout, task, shown.show)
	shown.end()
	result.Complete, result.Changes, result.RevisionAfter, result.Requests = report.Complete, report.Changes, report.Revision, client.Requests()
	for _, password := range generated {
		result.Generated = append(result.Generated, effectOf(report, password.User))
	}
	if err != nil {
		sayWhatWasDone(f, report)
		for _, password := range result.Generated {
			f.Say(password.Sentence())
		}
	}
	return result, err
}

// effectOf says whether the generated password of the user is in effect.
func effectOf(report apply.Report, user string) output.PasswordEffect {
	doubtful := slices.ContainsFunc(report.Doubtful, func(s plan.Step) bool { return s.Verb == plan.AddUser && s.User == user })
	return output.PasswordEffect{User: user, InEffect: !doubtful && slices.Contains(report.Added, user), Unknown: doubtful}
}

// agree shows the plan and asks whether it is wanted.
func agree(ctx context.Context, f *cli.Factory, opts *applyOptions, p *plan.Plan) (bool, error) {
	if !f.Quiet || !opts.Yes {
		shown := output.PolicyPlan{Plan: p, Colour: f.Streams.Colour(f.Streams.ErrIsTerminal)}
		if err := shown.Show(f.Streams.Err); err != nil {
			return false, err
		}
	}
	if opts.Yes {
		return true, nil
	}
	agreed, err := f.Prompter.Confirm(ctx, "Apply it?")
	if err == nil && !agreed {
		return false, errors.New("not confirmed; nothing was changed")
	}
	return agreed, err
}

// sayWhatWasDone says what an apply that failed has changed.
func sayWhatWasDone(f *cli.Factory, report apply.Report) {
	if report.Changes == 0 && len(report.Doubtful) == 0 {
		f.Say("Nothing was changed.")
		return
	}
	f.Say(fmt.Sprintf("%s %s made; run the command again to do the rest.", quantity.Of(report.Changes, "change"), quantity.Verb(report.Changes, "was", "were")))
	for _, step := range report.Doubtful {
		f.Say(fmt.Sprintf("No answer came to: %s. It may have been made.", step))
	}
}
