package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ectl-io/ectl/internal/access/apply"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/internal/session"
)

// Caller contains the callbacks of Apply.
type Caller struct {
	// Agree asks the user to approve the plan. An error stops Apply, without a
	// change.
	Agree func(context.Context, *plan.Plan) error

	// Deliver prints generated passwords for the user. After an error, Apply sets
	// none of them.
	Deliver func(context.Context, []secret.GeneratedPassword) error

	// Failed receives the result of a failed run.
	Failed func(Result)
}

// PasswordEffect describes whether the generated password of a user is in effect.
type PasswordEffect struct {
	User   string
	Effect secret.Effect
}

// Result describes what Apply did.
type Result struct {
	Plan     *plan.Plan
	Complete bool // the cluster follows the policy now
	Changes  int  // number of requests that changed something
	Requests int  // number of all requests, including reads

	// The auth revisions at the start and at the end. They are 0 if the server does
	// not return them.
	RevisionBefore, RevisionAfter uint64

	// Generated lists the users with generated and delivered passwords.
	Generated []PasswordEffect

	// Unconfirmed lists changes with an unknown outcome, because no response arrived.
	Unconfirmed []plan.Step
}

// Apply makes the cluster follow the policy, after the caller agrees. With an error,
// the result describes the changes that were made.
func (r *Reconciler) Apply(ctx context.Context, s *session.Session, caller Caller) (result Result, err error) {
	known := newPasswords(r)
	known.untouched = s.Connection.DryRun != nil // its commands would run
	c, err := r.compare(ctx, s, known)
	if err != nil {
		return result, err
	}
	if err := r.ready(ctx, c.Plan, known); err != nil {
		return result, err
	}
	if len(c.Untried) > 0 {
		r.Report.Warn("a dry run reads no passwords, so those of existing users may differ and would be set: " + strings.Join(c.Untried, ", ") + "; \"rbac plan --try-passwords\" verifies them")
	}
	client, err := s.Client(ctx)
	if err != nil {
		return result, err
	}
	result = Result{Plan: c.Plan, Complete: true, RevisionBefore: c.Snapshot.Revision, RevisionAfter: c.Snapshot.Revision}
	if c.Plan.IsEmpty() {
		for _, kept := range c.Plan.Kept {
			r.Report.Say("Left alone: " + kept)
		}
		result.Requests = client.Requests()
		return result, nil
	}
	if known.sentBy(c.Plan) {
		if err := client.RefusePassword(); err != nil { // check this before the first change
			return result, err
		}
	}
	if err := caller.Agree(ctx, c.Plan); err != nil {
		return result, err
	}
	generated := known.generatedFor(c.Plan)
	if len(generated) > 0 {
		if err := caller.Deliver(ctx, generated); err != nil {
			return Result{}, err
		}
	}
	task := apply.Task{Snapshot: c.Snapshot, Plan: c.Plan, Policy: r.Policy, Options: c.Options, Passwords: known.values}
	shown := r.Report.Progress("changes made")
	report, err := apply.Run(ctx, client, s.Timeout, task, shown.Show)
	shown.End()
	result.Complete, result.Changes, result.RevisionAfter, result.Requests = report.Complete, report.Changes, report.Revision, client.Requests()
	result.Unconfirmed = report.Unconfirmed
	for _, password := range generated {
		result.Generated = append(result.Generated, PasswordEffect{password.User, effectOf(report, password.User)})
	}
	if err != nil {
		caller.Failed(result)
	}
	return result, err
}

// ready reads the passwords of the users that the plan adds, except in a dry run. It returns an error if a
// password cannot be read, or if an assertion of the policy would not hold after the
// plan.
func (r *Reconciler) ready(ctx context.Context, p *plan.Plan, known *passwords) error {
	for _, d := range p.Differences {
		if d.Subject == plan.User && d.Action == plan.Add && !known.untouched {
			known.read(ctx, r.Policy.Users[d.User])
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(known.faults) > 0 {
		return fmt.Errorf("no change of the policy was made: %w", known.faults)
	}
	unmet, err := r.UnmetAfter(ctx, p)
	if err != nil {
		return err
	}
	if len(unmet) > 0 {
		return fmt.Errorf("no change of the policy was made, because it would not bring about what it expects: %w", unmet)
	}
	return nil
}

// effectOf returns whether the generated password of the user is in effect.
func effectOf(report apply.Report, user string) secret.Effect {
	switch {
	case slices.ContainsFunc(report.Unconfirmed, func(s plan.Step) bool { return s.Verb == plan.AddUser && s.User == user }):
		return secret.EffectUnknown
	case slices.Contains(report.Added, user):
		return secret.InEffect
	}
	return secret.NotInEffect
}
