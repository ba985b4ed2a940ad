package cli

import (
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/lint"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/quantity"
)

// WarnOfGrant warns if "rbac lint" would report what the step has granted. The warning
// has the commands that fix it.
func (f *Factory) WarnOfGrant(step plan.Step) {
	for _, finding := range lint.OfStep(step) {
		warning := grantSentence(finding)
		var lines []string
		for _, mend := range finding.Fix {
			lines = append(lines, f.StepLine(mend))
		}
		if len(lines) > 0 {
			warning += "; to change it: " + strings.Join(lines, "; ")
		}
		f.Warn(warning)
	}
}

// maxGrantWarnings is the maximum number of warnings about one plan.
const maxGrantWarnings = 10

// WarnOfPlannedGrants warns of the grants of a plan that "rbac lint" would report, unless
// a waiver of the policy accepts them.
func (f *Factory) WarnOfPlannedGrants(p *plan.Plan, waivers []policy.Waiver) {
	var findings []lint.Finding
	for _, d := range p.Differences {
		switch {
		case d.Action == plan.Remove:
		case d.Subject == plan.Grant:
			findings = append(findings, lint.OfStep(plan.Step{
				Verb: plan.GrantKeys, Role: d.Role, Permission: access.Permission{Access: d.After, Range: d.Range},
			})...)
		case d.Subject == plan.Membership:
			findings = append(findings, lint.OfStep(plan.Step{Verb: plan.GrantRole, User: d.User, Role: d.Role})...)
		}
	}
	lint.Waive(findings, waivers)
	n := 0
	for _, finding := range findings {
		if finding.Waived != "" {
			continue
		}
		if n++; n <= maxGrantWarnings {
			f.Warn(grantSentence(finding))
		}
	}
	if more := n - maxGrantWarnings; more > 0 {
		f.Warn(quantity.Of(more, "more grant") + " like these: \"rbac lint -f\" lists all of them")
	}
}

// grantSentence describes a finding about one grant.
func grantSentence(finding lint.Finding) string {
	sentence := finding.Object
	for _, p := range finding.Grants {
		sentence += ": " + p.String()
	}
	return fmt.Sprintf("%s: %s (rule %s of \"rbac lint\")", sentence, finding.Why, finding.Rule.Name)
}
