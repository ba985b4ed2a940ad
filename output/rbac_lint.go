package output

import (
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/access/lint"
	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/quantity"
)

// Lint is the result of "rbac lint".
type Lint struct {
	Findings []Finding
}

// Finding is one finding with the command lines that fix it.
type Finding struct {
	lint.Finding
	CommandLines []string // that fix the finding
}

// Worst returns the highest severity of the findings that are not waived, or 0 if there
// are none.
func (r Lint) Worst() lint.Severity {
	var worst lint.Severity
	for _, f := range r.Findings {
		if f.Waived == "" {
			worst = max(worst, f.Rule.Severity)
		}
	}
	return worst
}

// Summary returns the number of findings: "3 findings: 1 high, 2 low, 1 waived".
func (r Lint) Summary() string {
	if len(r.Findings) == 0 {
		return "no findings"
	}
	return quantity.Of(len(r.Findings), "finding") + ": " + r.counts()
}

// counts returns the number of findings of each severity: "1 high, 2 low, 1 waived".
func (r Lint) counts() string {
	found, waived := map[lint.Severity]int{}, 0
	for _, f := range r.Findings {
		if f.Waived != "" {
			waived++
		} else {
			found[f.Rule.Severity]++
		}
	}
	var parts []string
	for _, s := range lint.Severities() {
		if found[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", found[s], s))
		}
	}
	if waived > 0 {
		parts = append(parts, fmt.Sprintf("%d waived", waived))
	}
	return strings.Join(parts, ", ")
}

// object returns the role or user of the finding, with its grants.
func (f Finding) object() string {
	kind, name, _ := strings.Cut(f.Object, " ")
	object := kind + " " + cell([]byte(name))
	if len(f.Grants) > 0 {
		object += ": " + f.Grants[0].String()
	}
	for _, p := range f.Grants[min(1, len(f.Grants)):] {
		object += " and " + p.String()
	}
	return object
}

// severityTone returns the tone of the name of a severity.
func severityTone(name string) colour.Tone {
	return map[string]colour.Tone{lint.High.String(): colour.Bad, lint.Medium.String(): colour.Caution}[name]
}

// Simple implements Result: each finding, and below it the commands that fix it.
func (r Lint) Simple(t *Text) {
	for _, f := range r.Findings {
		line := fmt.Sprintf(" %s: %s: %s", f.Rule.Name, f.object(), f.Why)
		if f.Waived != "" {
			t.Linef("waived %s%s (%s)", f.Rule.Severity, line, cell([]byte(f.Waived)))
			continue
		}
		t.Tonef(severityTone(f.Rule.Severity.String()), f.Rule.Severity.String(), "%s", line)
		for _, command := range f.CommandLines {
			t.Linef("    %s", command)
		}
	}
}

// Table implements Result.
func (r Lint) Table() TableData {
	t := TableData{Header: []string{"severity", "rule", "object", "why", "to mend it", "waived"}, tones: map[string]func(string) colour.Tone{"severity": severityTone}}
	for _, f := range r.Findings {
		t.Rows = append(t.Rows, []string{f.Rule.Severity.String(), f.Rule.Name, f.object(), f.Why, strings.Join(f.CommandLines, "\n"), f.Waived})
	}
	return t
}

// Document implements Result.
func (r Lint) Document() Object { return Object{{"findings", r.Items()}} }

// Items implements Lister.
func (r Lint) Items() []Object {
	items := make([]Object, 0, len(r.Findings))
	for _, f := range r.Findings {
		grants := make([]Object, 0, len(f.Grants))
		for _, p := range f.Grants {
			grants = append(grants, permissionMembers(p))
		}
		item := Object{
			{"severity", f.Rule.Severity.String()}, {"rule", f.Rule.Name}, {"object", f.Object}, {"grants", grants},
			{"why", f.Why}, {"mend", f.CommandLines},
		}
		if f.Waived != "" {
			item = append(item, Member{"waived", f.Waived})
		}
		items = append(items, item)
	}
	return items
}
