package lint

import (
	"strings"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/suggest"
)

// CheckWaivers reports waivers of rules that do not exist, as problems of their
// policy.
func CheckWaivers(waivers []policy.Waiver) policy.Errors {
	var names []string
	known := map[string]bool{}
	for _, rule := range Rules() {
		names = append(names, rule.Name)
		known[rule.Name] = true
	}
	var problems policy.Errors
	for _, w := range waivers {
		if known[w.Rule] {
			continue
		}
		hint := suggest.Hint(w.Rule, names)
		if hint == "" {
			hint = "the rules are " + strings.Join(names, ", ")
		}
		problems = append(problems, policy.Problem{At: w.At, Message: "there is no such rule to waive", Hint: hint})
	}
	return problems
}

// Waive marks the findings that match a waiver, and returns the waivers that match
// none. A waiver names a rule and an object ("role app") or one grant of it ("role
// app: read key /a").
func Waive(findings []Finding, waivers []policy.Waiver) (unused []policy.Waiver) {
	type target struct{ rule, object string }
	found := map[target][]int{} // by target: indexes of findings
	for i, f := range findings {
		for _, object := range f.objects() {
			on := target{f.Rule.Name, object}
			found[on] = append(found[on], i)
		}
	}
	last := map[target]string{} // reasons; the last waiver of a target counts
	for _, w := range waivers {
		on := target{w.Rule, w.Object}
		if _, used := found[on]; !used {
			unused = append(unused, w)
		}
		last[on] = w.Reason
	}
	for on, reason := range last {
		for _, i := range found[on] {
			findings[i].Waived = reason
		}
	}
	return unused
}

// objects returns the names that a waiver of the finding may use: the object, and
// each grant of the finding.
func (f Finding) objects() []string {
	names := []string{f.Object}
	for _, p := range f.Grants {
		names = append(names, f.Object+": "+p.String())
	}
	return names
}
