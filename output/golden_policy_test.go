package output

import (
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
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

// policyResults are those of "rbac" that are about policy files.
func policyResults() []printed {
	var cases []printed
	add := func(of, name string, r Result) {
		cases = append(cases, printed{name: name, of: of, own: FormatsOf(r), write: func(p *Printer) error { return p.Print(r) }})
	}
	add("PolicyExport", "policy-export", PolicyExport{State: policyOf(policyBefore).State()})
	add("PolicyExport", "policy-export-empty", PolicyExport{State: access.NewState()})
	add("PolicyPlan", "policy-plan", PolicyPlan{Plan: policyPlan()})
	add("PolicyPlan", "policy-plan-coloured", PolicyPlan{Plan: policyPlan(), Colour: true})
	add("PolicyPlan", "policy-plan-empty", PolicyPlan{Plan: &plan.Plan{Kept: []string{"the user root stays, though the policy does not name it"}}})
	applied := PolicyApplied{
		Plan: policyPlan(), Complete: true, Changes: 12, Requests: 40, RevisionBefore: 7, RevisionAfter: 19,
		Generated: []PasswordEffect{{User: "lee", InEffect: true}, {User: "zoe", InEffect: true}},
	}
	addWithPasswords := func(name string, rest PolicyApplied) {
		cases = append(cases, printed{name: name, of: "PolicyPasswords", write: func(p *Printer) error {
			if err := p.Begin(PolicyPasswords{Passwords: []GeneratedPassword{{"lee", "AnjEwEpREWwGGXB9e9RAg2Uv"}, {"zoe", "bnjEwEpREWwGGXB9e9RAg2Uv"}}}); err != nil {
				return err
			}
			return p.Finish(rest)
		}})
	}
	addWithPasswords("policy-applied", applied)
	applied.Complete, applied.Changes, applied.Generated = false, 3, []PasswordEffect{{User: "lee"}, {User: "zoe", Unknown: true}}
	addWithPasswords("policy-applied-in-part", applied)
	add("PolicyApplied", "policy-applied-incomplete", PolicyApplied{Plan: policyPlan(), Changes: 3, Requests: 9})
	add("PolicyApplied", "policy-applied-unchanged", PolicyApplied{Plan: &plan.Plan{}, Complete: true, Requests: 9, RevisionBefore: 7, RevisionAfter: 7})
	var tested PolicyTest
	p := policyOf(policyAfter)
	for _, a := range p.Expect {
		why, holds := policy.NewChecker(p.State()).Check(a)
		tested.Assertions = append(tested.Assertions, TestedAssertion{Assertion: a, Holds: holds, Why: why})
	}
	add("PolicyTest", "policy-test", tested)
	add("PolicyTest", "policy-test-empty", PolicyTest{})
	return cases
}

func TestAnExportInYAMLAndJSONReadsBackAsTheSamePolicy(t *testing.T) {
	for _, format := range []Format{Simple, YAML, JSON} {
		c := policyResults()[0]
		p, err := policy.Parse(policy.Document{Name: string(format), Text: c.text(t, format)})
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
