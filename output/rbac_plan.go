package output

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/visible"
)

// PolicyPlan is the result of "rbac plan": the changes, and their effects on users.
type PolicyPlan struct {
	Plan    *plan.Plan
	Untried []string // users with passwords that were not checked
}

// Simple implements Result.
func (r PolicyPlan) Simple(t *Text) { r.write(t.w, t.paint) }

// Show writes the lines for people to w.
func (r PolicyPlan) Show(w io.Writer, paint colour.Painter) error {
	buffered := bufio.NewWriter(w)
	r.write(buffered, paint)
	return buffered.Flush()
}

func (r PolicyPlan) write(w *bufio.Writer, paint colour.Painter) {
	for _, block := range r.blocks() {
		writeChange(w, paint, block.action, "", block.title)
		for _, d := range block.parts {
			writeChange(w, paint, d.Action, "    ", part(d))
		}
	}
	if len(r.Plan.Differences) > 0 {
		_ = w.WriteByte('\n')
	}
	if len(r.Plan.Effects) > 0 {
		fmt.Fprintln(w, "What it means:")
		for _, e := range r.Plan.Effects {
			fmt.Fprintf(w, "  user %s%s\n", cell([]byte(e.User)), fate(e))
			for _, c := range consequences(e) {
				writeChange(w, paint, c.action, "      ", c.text)
			}
		}
		_ = w.WriteByte('\n')
	}
	if len(r.Plan.Kept) > 0 {
		fmt.Fprintln(w, "Left alone:")
		for _, kept := range r.Plan.Kept {
			fmt.Fprintf(w, "  %s\n", visible.Line(kept))
		}
		_ = w.WriteByte('\n')
	}
	if n := len(r.Plan.Unnamed); n > 0 {
		fmt.Fprintln(w, "Not named by the policy, and kept without --prune:")
		for _, unnamed := range r.Plan.Unnamed[:min(n, maxUnnamed)] {
			fmt.Fprintf(w, "  %s\n", visible.Line(unnamed))
		}
		if n > maxUnnamed {
			fmt.Fprintf(w, "  and %d more (-w json lists all)\n", n-maxUnnamed)
		}
		_ = w.WriteByte('\n')
	}
	fmt.Fprintln(w, r.summary())
}

// maxUnnamed is the maximum number of lines about what the policy does not name.
const maxUnnamed = 50

func (r PolicyPlan) summary() string {
	if r.Plan.IsEmpty() {
		if len(r.Untried) > 0 {
			return "No changes, apart from passwords, which were not looked at."
		}
		return "No changes: the cluster follows the policy."
	}
	return fmt.Sprintf("Plan: %d to add, %d to change, %d to remove.", r.Plan.Count(plan.Add), r.Plan.Count(plan.Change), r.Plan.Count(plan.Remove))
}

// glyph returns the sign of an action, which is written before its subject.
func glyph(a plan.Action) string {
	return map[plan.Action]string{plan.Add: "+", plan.Change: "~", plan.Remove: "-"}[a]
}

// writeChange writes a change, in the colour of its action.
func writeChange(w io.Writer, paint colour.Painter, action plan.Action, indent, text string) {
	tone := map[plan.Action]colour.Tone{plan.Add: colour.Good, plan.Change: colour.Caution, plan.Remove: colour.Bad}[action]
	fmt.Fprintln(w, paint.Paint(tone, fmt.Sprintf("%s%s %s", indent, glyph(action), visible.Line(text))))
}

// block holds the changes to one role or user.
type block struct {
	action plan.Action
	title  string
	parts  []plan.Difference // differences of the role or user
}

// blocks groups the differences by role or user, in their order.
func (r PolicyPlan) blocks() []block {
	var blocks []block
	open := ""
	for _, d := range r.Plan.Differences {
		title := "user " + cell([]byte(d.User))
		if d.Subject == plan.Role || d.Subject == plan.Grant {
			title = "role " + cell([]byte(d.Role))
		}
		if d.Subject == plan.Role || d.Subject == plan.User {
			open = title
			if d.Subject == plan.User && d.Action == plan.Add {
				title += ", " + d.Password.String()
			}
			blocks = append(blocks, block{action: d.Action, title: title})
			continue
		}
		if title != open {
			open = title
			blocks = append(blocks, block{action: plan.Change, title: title})
		}
		last := &blocks[len(blocks)-1]
		last.parts = append(last.parts, d)
	}
	return blocks
}

// part describes a difference within a role or user.
func part(d plan.Difference) string {
	switch d.Subject {
	case plan.Grant:
		switch d.Action {
		case plan.Change:
			return fmt.Sprintf("%s, before: %s", access.Permission{Access: d.After, Range: d.Range}, d.Before)
		case plan.Remove:
			return access.Permission{Access: d.Before, Range: d.Range}.String()
		case plan.Add:
		}
		return access.Permission{Access: d.After, Range: d.Range}.String()
	case plan.Membership:
		return "role " + cell([]byte(d.Role))
	case plan.Password:
		return "new " + d.Password.String()
	case plan.Role, plan.User:
	}
	return ""
}

// fate returns a note if a user is added or deleted.
func fate(e plan.Effect) string {
	switch {
	case e.Added:
		return " (new)"
	case e.Deleted:
		return " (deleted)"
	}
	return ""
}

// consequence is one thing that a user can do after the change, or can no longer do.
type consequence struct {
	action plan.Action
	text   string
}

func consequences(e plan.Effect) []consequence {
	var all []consequence
	if e.NewPassword {
		all = append(all, consequence{plan.Change, "logs in with another password"})
	}
	if e.BecomesRoot {
		return append(all, consequence{plan.Add, "becomes root, and can do everything"})
	}
	if e.StopsBeingRoot {
		all = append(all, consequence{plan.Remove, "is no longer root"})
	}
	for _, c := range []struct {
		action plan.Action
		verb   string
		keys   access.Set
	}{
		{plan.Add, "can read", e.GainsRead}, {plan.Add, "can write", e.GainsWrite},
		{plan.Remove, "can no longer read", e.LosesRead}, {plan.Remove, "can no longer write", e.LosesWrite},
	} {
		if !c.keys.IsEmpty() {
			all = append(all, consequence{c.action, c.verb + " " + c.keys.String()})
		}
	}
	return all
}

// Table implements Result: a row for each difference.
func (r PolicyPlan) Table() TableData {
	t := TableData{Header: []string{"action", "subject", "name", "detail"}}
	for _, d := range r.Plan.Differences {
		name, detail := cell([]byte(d.User)), part(d)
		switch d.Subject {
		case plan.Role, plan.Grant:
			name = cell([]byte(d.Role))
		case plan.User:
			if d.Action == plan.Add {
				detail = d.Password.String()
			}
		case plan.Membership, plan.Password:
		}
		t.Rows = append(t.Rows, []string{string(d.Action), string(d.Subject), name, detail})
	}
	return t
}

// Document implements Result.
func (r PolicyPlan) Document() Object {
	differences, effects := r.Items(), []Object{}
	for _, e := range r.Plan.Effects {
		effects = append(effects, effectObject(e))
	}
	kept, unnamed, untried := r.Plan.Kept, r.Plan.Unnamed, r.Untried
	if unnamed == nil {
		unnamed = []string{}
	}
	if kept == nil {
		kept = []string{}
	}
	if untried == nil {
		untried = []string{}
	}
	return Object{
		{"changes", differences},
		{"effects", effects},
		{"left_alone", kept},
		{"not_named", unnamed},
		{"passwords_not_tried", untried},
		{"add", r.Plan.Count(plan.Add)},
		{"change", r.Plan.Count(plan.Change)},
		{"remove", r.Plan.Count(plan.Remove)},
		{"new_access", len(r.Plan.NewAccess()) > 0},
	}
}

// effectObject returns the document of an effect.
func effectObject(e plan.Effect) Object {
	effect := Object{{"user", e.User}, {"added", e.Added}, {"deleted", e.Deleted}, {"becomes_root", e.BecomesRoot}, {"stops_being_root", e.StopsBeingRoot}, {"new_password", e.NewPassword}}
	for _, keys := range []struct {
		name string
		access.Set
	}{{"gains_read", e.GainsRead}, {"gains_write", e.GainsWrite}, {"loses_read", e.LosesRead}, {"loses_write", e.LosesWrite}} {
		effect = append(effect, Member{keys.name, rangeItems(keys.Set)})
	}
	return effect
}

// Items implements Lister: an object for each difference.
func (r PolicyPlan) Items() []Object {
	items := []Object{}
	for _, d := range r.Plan.Differences {
		item := Object{{"action", string(d.Action)}, {"subject", string(d.Subject)}}
		for _, name := range []Member{{"role", d.Role}, {"user", d.User}} {
			if name.Value != "" {
				item = append(item, name)
			}
		}
		switch d.Subject {
		case plan.Grant:
			after := d.After
			if d.Action == plan.Remove {
				after = d.Before
			}
			item = append(item, permissionMembers(access.Permission{Access: after, Range: d.Range})...)
			if d.Action == plan.Change {
				item = append(item, Member{"access_before", d.Before.String()})
			}
		case plan.User, plan.Password:
			if d.Action != plan.Remove {
				item = append(item, Member{"password", strings.TrimPrefix(d.Password.String(), "password ")})
			}
		case plan.Role, plan.Membership:
		}
		items = append(items, item)
	}
	return items
}
