package output

import (
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reconcile"
	"github.com/ectl-io/ectl/internal/secret"
)

// policyOf reads a policy, which has no faults.
func policyOf(text string) policy.Policy {
	p, err := policy.Parse(policy.Document{Name: "policy.yaml", Text: []byte("apiVersion: ectl/v1\n" + text)})
	if err != nil {
		panic(err)
	}
	return p
}

const policyBefore = `
roles:
  app:
    - {access: readwrite, prefix: /app/}
    - {access: read, key: /config}
    - {access: write, key_base64: /4A=}
  old: [{access: read, from: /z}]
users:
  bob: {roles: [app, old]}
  eve: {roles: [old]}
  admin: {roles: [root]}
  root: {roles: [root]}
`

const policyAfter = `
roles:
  app:
    - {access: read, prefix: /app/}
    - {access: readwrite, key: /config}
    - {access: read, range: [/a, /c]}
  "db, new": [{access: write, all: true}]
users:
  bob: {roles: [app], password: {env: BOB_PASSWORD}}
  kim: {roles: ["db, new"], password: none}
  lee: {roles: [root], password: {generate: true}}
  admin: {}
expect:
  - bob can read prefix /app/
  - bob cannot write /config
`

// policyPlan is the plan from policyBefore to policyAfter.
func policyPlan() *plan.Plan {
	p, err := plan.New(policyOf(policyBefore).State(), policyOf(policyAfter), plan.Options{Prune: true, Identity: "root", NewPasswords: []string{"bob"}})
	if err != nil {
		panic(err)
	}
	return p
}

// policyCases are the results of rbac that are about policy files.
func policyCases() []goldenCase {
	passwords := PolicyPasswords{Passwords: []GeneratedPassword{{User: "lee", Password: "AnjEwEpREWwGGXB9e9RAg2Uv"}, {User: "zoe", Password: "bnjEwEpREWwGGXB9e9RAg2Uv"}}}
	applied := PolicyApplied{Result: reconcile.Result{
		Plan: policyPlan(), Complete: true, Changes: 12, Requests: 40, RevisionBefore: 7, RevisionAfter: 19,
		Generated: []reconcile.PasswordEffect{{User: "lee", Effect: secret.InEffect}, {User: "zoe", Effect: secret.InEffect}},
	}}
	inPart := applied
	inPart.Complete, inPart.Changes, inPart.Generated = false, 3, []reconcile.PasswordEffect{{User: "lee", Effect: secret.NotInEffect}, {User: "zoe", Effect: secret.EffectUnknown}}
	var tested PolicyTest
	p := policyOf(policyAfter)
	for _, a := range p.Expect {
		why, holds := policy.NewChecker(p.State()).Check(a)
		tested.Assertions = append(tested.Assertions, TestedAssertion{Assertion: a, Holds: holds, Why: why})
	}
	return []goldenCase{
		show("policy-started", PolicyStarted{File: "policy.yaml"}),
		show("policy-export", PolicyExport{State: policyOf(policyBefore).State()}),
		show("policy-export-empty", PolicyExport{State: access.NewState()}),
		show("policy-plan", PolicyPlan{Plan: policyPlan()}),
		show("policy-plan-empty", PolicyPlan{Plan: &plan.Plan{Kept: []string{"the user root stays, though the policy does not name it"}}}),
		showParts("policy-applied", passwords, applied),
		showParts("policy-applied-in-part", passwords, inPart),
		show("policy-applied-incomplete", PolicyApplied{Result: reconcile.Result{Plan: policyPlan(), Changes: 3, Requests: 9}}),
		show("policy-applied-unchanged", PolicyApplied{Result: reconcile.Result{Plan: &plan.Plan{}, Complete: true, Requests: 9, RevisionBefore: 7, RevisionAfter: 7}}),
		show("policy-test", tested),
		show("policy-test-empty", PolicyTest{}),
	}
}

func TestAnExportInYAMLAndJSONReadsBackAsTheSamePolicy(t *testing.T) {
	for _, format := range []Format{Simple, YAML, JSON} {
		export := show("export", PolicyExport{State: policyOf(policyBefore).State()})
		p, err := policy.Parse(policy.Document{Name: string(format), Text: export.text(t, format)})
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		difference, err := plan.New(policyOf(policyBefore).State(), p, plan.Options{Prune: true})
		if err != nil || !difference.IsEmpty() {
			t.Errorf("%s: the export differs by %v, %v", format, difference, err)
		}
	}
}
