package output

import (
	"fmt"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/secret"
)

// PolicyApplied is the result of "rbac apply": the changes, and the number of requests.
type PolicyApplied struct {
	reconcile.Result
}

// effect returns whether the password that was printed for a user is in effect.
func effect(e secret.Effect) string {
	switch e {
	case secret.InEffect:
		return "in effect"
	case secret.NotInEffect:
		return "not in effect"
	case secret.EffectUnknown:
	}
	return "perhaps in effect"
}

// Failure returns sentences that describe what a failed apply has changed.
func (r PolicyApplied) Failure() []string {
	sentences := []string{"Nothing was changed."}
	if r.Changes > 0 || len(r.Unconfirmed) > 0 {
		sentences = []string{fmt.Sprintf("%s %s made; run the command again to do the rest.", quantity.Of(r.Changes, "change"), quantity.Verb(r.Changes, "was", "were"))}
		for _, step := range r.Unconfirmed {
			sentences = append(sentences, fmt.Sprintf("No answer came to: %s. It may have been made.", step))
		}
	}
	for _, p := range r.Generated {
		sentences = append(sentences, fmt.Sprintf("The password that was printed for %s is %s.", plainName(p.User), effect(p.Effect)))
	}
	return sentences
}

// PolicyPasswords is the Beginning of the result of "rbac apply", if passwords were
// generated.
type PolicyPasswords struct {
	Passwords []GeneratedPassword
}

// Simple implements Result.
func (r PolicyPasswords) Simple(t *Text) {
	for _, p := range r.Passwords {
		t.Linef("Password of %s: %s", plainName(p.User), p.Password)
	}
}

// Table implements Result.
func (r PolicyPasswords) Table() TableData { return passwordTable(r.Passwords) }

// Document implements Result.
func (r PolicyPasswords) Document() Object {
	return Object{{"passwords", passwordItems(r.Passwords)}}
}

func (PolicyPasswords) columns() []string { return PolicyApplied{}.Table().Header }

func (PolicyPasswords) isOpen() bool { return false }

// Simple implements Result.
func (r PolicyApplied) Simple(t *Text) {
	for _, p := range r.Generated {
		if p.Effect != secret.InEffect {
			t.Linef("The password of %s is %s", plainName(p.User), effect(p.Effect))
		}
	}
	t.Linef("%s", r.summary())
}

func (r PolicyApplied) summary() string {
	text := "No changes: the cluster follows the policy."
	switch {
	case !r.Complete:
		text = fmt.Sprintf("Not complete: %s %s made.", quantity.Of(r.Changes, "change"), quantity.Verb(r.Changes, "was", "were"))
	case r.Changes > 0:
		text = fmt.Sprintf("Applied: %d added, %d changed, %d removed.", r.Plan.Count(plan.Add), r.Plan.Count(plan.Change), r.Plan.Count(plan.Remove))
	}
	text += fmt.Sprintf(" %s, %d of them %s", quantity.Of(r.Requests, "request"), r.Changes, quantity.Verb(r.Changes, "a change", "changes"))
	if r.RevisionAfter > 0 {
		text += fmt.Sprintf("; auth revision %d", r.RevisionBefore)
		if r.RevisionAfter != r.RevisionBefore {
			text += fmt.Sprintf(" to %d", r.RevisionAfter)
		}
	}
	return text + "."
}

// Table implements Result.
func (r PolicyApplied) Table() TableData {
	t := oneRow(
		"result", r.result(),
		"changes", fmt.Sprint(r.Changes),
		"requests", fmt.Sprint(r.Requests),
		"revision before", fmt.Sprint(r.RevisionBefore),
		"revision after", fmt.Sprint(r.RevisionAfter),
		"user", "",
		"password", "",
		"password effect", "",
	)
	for _, p := range r.Generated {
		row := make([]string, len(t.Header))
		row[len(row)-3], row[len(row)-1] = cell([]byte(p.User)), effect(p.Effect)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// result returns the outcome in one word.
func (r PolicyApplied) result() string {
	switch {
	case !r.Complete:
		return "incomplete"
	case r.Changes == 0:
		return "unchanged"
	}
	return "applied"
}

// Document implements Result.
func (r PolicyApplied) Document() Object {
	document := Object{
		{"result", r.result()},
		{"changed", r.Changes > 0},
		{"changes", r.Changes},
		{"requests", r.Requests},
		{"revision_before", int64(r.RevisionBefore)},
		{"revision_after", int64(r.RevisionAfter)},
		{"passwords", []Object{}}, // omitted if the Beginning has it
	}
	if r.Generated != nil {
		effects := []Object{}
		for _, p := range r.Generated {
			var inEffect any = p.Effect == secret.InEffect
			if p.Effect == secret.EffectUnknown {
				inEffect = nil
			}
			effects = append(effects, Object{{"user", p.User}, {"in_effect", inEffect}})
		}
		document = append(document, Member{"password_effects", effects})
	}
	return append(document, Member{"plan", PolicyPlan{Plan: r.Plan}.Document()})
}
