package output

import (
	"fmt"

	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/quantity"
)

// PolicyApplied is the result of "rbac apply": what was changed, at what cost.
type PolicyApplied struct {
	Plan     *plan.Plan
	Complete bool // the cluster follows the policy now
	Changes  int  // requests that changed something
	Requests int  // all of them, with those that read

	// Revisions of users and roles, before and after; 0 where the server does
	// not tell them.
	RevisionBefore, RevisionAfter uint64

	// Generated are the users for whom passwords were made and printed before,
	// with what became of them. Nil: there were none.
	Generated []PasswordEffect
}

// PasswordEffect says whether the password that was printed for a user is in
// effect.
type PasswordEffect struct {
	User     string
	InEffect bool
	Unknown  bool // whether it is
}

func (e PasswordEffect) String() string {
	switch {
	case e.Unknown:
		return "perhaps in effect"
	case e.InEffect:
		return "in effect"
	}
	return "not in effect"
}

// Sentence says so to a person.
func (e PasswordEffect) Sentence() string {
	return fmt.Sprintf("The password that was printed for %s is %s.", plainName(e.User), e)
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
		if !p.InEffect {
			t.Linef("The password of %s is %s", plainName(p.User), p)
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
	)
	for _, p := range r.Generated {
		row := make([]string, len(t.Header))
		row[0], row[len(row)-2] = p.String(), cell([]byte(p.User))
		t.Rows = append(t.Rows, row)
	}
	return t
}

// result is what became of it, in one word.
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
		{"passwords", []Object{}}, // unless there is a Beginning, which has it
	}
	if r.Generated != nil {
		effects := []Object{}
		for _, p := range r.Generated {
			var inEffect any = p.InEffect
			if p.Unknown {
				inEffect = nil
			}
			effects = append(effects, Object{{"user", p.User}, {"in_effect", inEffect}})
		}
		document = append(document, Member{"password_effects", effects})
	}
	return append(document, Member{"plan", PolicyPlan{Plan: r.Plan}.Document()})
}
