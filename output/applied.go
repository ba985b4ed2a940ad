package output

import (
	"fmt"

	"github.com/ectl-io/ectl/internal/plan"
	"github.com/ectl-io/ectl/internal/quantity"
)

// PolicyApplied is the result of "rbac apply": what was changed, at what cost.
type PolicyApplied struct {
	noMessage
	Plan     *plan.Plan
	Complete bool // the cluster follows the policy now
	Changes  int  // requests that changed something
	Requests int  // all of them, with those that read

	// Revisions of users and roles, before and after; 0 where the server does
	// not tell them.
	RevisionBefore, RevisionAfter uint64

	Passwords []GeneratedPassword
}

// GeneratedPassword is the password that was made for a new user.
type GeneratedPassword struct{ User, Password string }

func passwordItems(passwords []GeneratedPassword) []Object {
	items := make([]Object, 0, len(passwords))
	for _, p := range passwords {
		items = append(items, Object{{"user", Bytes(p.User)}, {"password", p.Password}})
	}
	return items
}

// Simple implements Result.
func (r PolicyApplied) Simple(t *Text) {
	for _, p := range r.Passwords {
		t.Linef("Password of %s: %s", plainName(p.User), p.Password)
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

// Fields implements Result.
func (r PolicyApplied) Fields(f *FieldText) { f.Object(r.Document()) }

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
	for i, p := range r.Passwords {
		if i > 0 {
			t.Rows = append(t.Rows, make([]string, len(t.Header)))
		}
		row := t.Rows[i]
		row[len(row)-2], row[len(row)-1] = cell([]byte(p.User)), p.Password
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
	return Object{
		{"result", r.result()},
		{"changed", r.Changes > 0},
		{"changes", r.Changes},
		{"requests", r.Requests},
		{"revision_before", int64(r.RevisionBefore)},
		{"revision_after", int64(r.RevisionAfter)},
		{"passwords", passwordItems(r.Passwords)},
		{"plan", PolicyPlan{Plan: r.Plan}.Document()},
	}
}
