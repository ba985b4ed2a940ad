package cli

import (
	"context"
	"slices"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/progress"
	"github.com/ectl-io/ectl/output"
)

// Reconciler returns the engine that applies the policy to a cluster. children selects
// the environment of the policy's commands.
func (f *Factory) Reconciler(p policy.Policy, children Children) *reconcile.Reconciler {
	return &reconcile.Reconciler{
		Policy: p,
		Sources: reconcile.Sources{
			LookupEnv: f.Streams.LookupEnv, Stdin: f.Prompter.Stdin(),
			Environ: f.ChildEnviron(children.KeepEnvSecrets), Stderr: f.Streams.Err,
		},
		Report: reconcile.Report{
			Say: f.Say, Warn: f.Warn,
			Progress: func(words string) *progress.Steps { return progress.OfSteps(f.Streams, f.Quiet || f.MidLine(), words) },
		},
	}
}

// RequireYes refuses to apply a policy if there is no terminal to ask for confirmation,
// unless yes is set. If the policy comes from standard input, the controlling terminal can
// ask.
func (f *Factory) RequireYes(yes, fromStdin bool) error {
	asks := f.Prompter.Interactive() || fromStdin && f.Streams.ErrIsTerminal && f.Prompter.HasControllingTerminal()
	if !yes && !f.DryRun() && !asks && !f.consents() {
		return exit.BadArgsf("apply needs confirmation, but there is no terminal: give --%s", FlagYes)
	}
	return nil
}

// FlagYes is the flag that skips the confirmation.
const FlagYes = "yes"

// AgreeToPlan shows the plan with its warnings and asks for confirmation, unless yes is
// set. In a protected context, yes does not agree to a plan that takes something away. It
// returns an error if the user does not confirm.
func (f *Factory) AgreeToPlan(ctx context.Context, p *plan.Plan, waivers []policy.Waiver, yes bool) error {
	if !f.Quiet || !yes && !f.DryRun() {
		f.BreakLine()
		if err := (output.PolicyPlan{Plan: p}).Show(f.Streams.Err, f.onStderr()); err != nil {
			return err
		}
	}
	f.WarnOfPlannedGrants(p, waivers)
	if f.DryRun() {
		return f.WithholdPlan(p)
	}
	if f.protected() != "" && takesAway(p) {
		return f.Agree(ctx, func(context.Context) (string, error) { return "apply this plan, which takes access away", nil })
	}
	if yes || f.consents() {
		return nil
	}
	agreed, err := f.Prompter.Confirm(ctx, "Apply it?")
	if err == nil && !agreed {
		return ErrNotConfirmed
	}
	return err
}

// consents reports whether the user has agreed in advance to what the command destroys.
func (f *Factory) consents() bool {
	return f.consent == ConsentGiven || f.protected() != "" && f.confirmed() == f.protected()
}

// takesAway reports whether a plan removes something, or takes access from a user.
func takesAway(p *plan.Plan) bool {
	return p.Count(plan.Remove) > 0 || slices.ContainsFunc(p.Effects, plan.Effect.LosesAny)
}

// SayFailedApply reports which changes a failed apply has made.
func (f *Factory) SayFailedApply(r reconcile.Result) {
	for _, sentence := range (output.PolicyApplied{Result: r}).Failure() {
		f.Say(sentence)
	}
}
