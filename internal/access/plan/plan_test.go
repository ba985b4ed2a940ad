package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
)

func read(t *testing.T, text string) policy.Policy {
	t.Helper()
	p, err := policy.Parse(policy.Document{Name: "p.yaml", Text: []byte("apiVersion: ectl/v1\n" + text)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cluster is a state in the notation of policies, with root.
func cluster(t *testing.T, text string) access.State {
	t.Helper()
	s := read(t, text).State()
	s.Roles[access.RootRole] = access.Role{Name: access.RootRole}
	s.Users[access.RootUser] = access.User{Name: access.RootUser, Roles: []string{access.RootRole}}
	return s
}

// lines are the differences of a plan, one each.
func lines(p *Plan) string {
	var all []string
	for _, d := range p.Differences {
		line := fmt.Sprintf("%s %s %s%s", d.Action, d.Subject, d.User, d.Role)
		if d.Subject == Membership {
			line = fmt.Sprintf("%s %s %s %s", d.Action, d.Subject, d.User, d.Role)
		}
		if d.Subject == Grant {
			line += fmt.Sprintf(" %s>%s %s", d.Before, d.After, d.Range)
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

const there = `
roles:
  app:
    - {access: readwrite, prefix: /app/}
    - {access: read, key: /config}
    - {access: write, key: /log}
  old: [{access: read, prefix: /old/}]
  ectl-keep-1: [{access: read, key: /x}]
users:
  bob: {roles: [app, old]}
  eve: {roles: [old, ectl-keep-1]}
  admin: {roles: [root, old]}
`

const wanted = `
roles:
  app:
    - {access: read, prefix: /app/}
    - {access: readwrite, key: /config}
    - {access: read, key: /new}
  db: [{access: read, from: /z}]
users:
  bob: {roles: [app, db]}
  kim: {roles: [db], password: none}
`

func TestWithoutPruneNothingThatThePolicyDoesNotNameIsRemoved(t *testing.T) {
	p, err := New(cluster(t, there), read(t, wanted), Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `change grant app readwrite>read prefix /app/
change grant app read>readwrite key /config
add grant app none>read key /new
add role db
add grant db none>read keys from /z
remove role ectl-keep-1
add membership bob db
add user kim
add membership kim db`
	if got := lines(p); got != want {
		t.Errorf("the plan is\n%s\nwant\n%s", got, want)
	}
	if len(p.Kept) > 0 {
		t.Errorf("it keeps %q, want nothing to say", p.Kept)
	}
	if got := strings.Join(p.NewAccess(), " "); got != "bob kim" {
		t.Errorf("%s gain access, want bob and kim", got)
	}
	bob := p.Effects[slices.IndexFunc(p.Effects, func(e Effect) bool { return e.User == "bob" })]
	if bob.GainsRead.String() != "key /new, keys from /z" || bob.GainsWrite.String() != "key /config" || !bob.LosesRead.IsEmpty() || bob.LosesWrite.String() != "prefix /app/" {
		t.Errorf("the effect on bob is %+v", bob)
	}
}

func TestPruneRemovesTheRestButForRootAndWhoRunsIt(t *testing.T) {
	p, err := New(cluster(t, there), read(t, wanted), Options{Prune: true, Identity: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `change grant app readwrite>read prefix /app/
change grant app read>readwrite key /config
remove grant app write>none key /log
add grant app none>read key /new
add role db
add grant db none>read keys from /z
remove role ectl-keep-1
remove role old
add membership bob db
remove user eve
add user kim
add membership kim db`
	if got := lines(p); got != want {
		t.Errorf("the plan is\n%s\nwant\n%s", got, want)
	}
	if kept := strings.Join(p.Kept, "\n"); kept != "the user admin stays, though the policy does not name it, because apply runs as admin\nthe user root stays, though the policy does not name it" {
		t.Errorf("it keeps\n%s", kept)
	}
	if roles := p.After.Users["admin"].Roles; !slices.Contains(roles, access.RootRole) {
		t.Errorf("afterwards admin has the roles %q, want root", roles)
	}
	named, err := New(cluster(t, there), read(t, wanted+"  root: {password: {env: X}}\n  admin: {roles: [db], password: {env: X}}\n"), Options{Prune: true, Identity: "admin", NewPasswords: []string{"admin", "root"}})
	if err != nil {
		t.Fatal(err)
	}
	const also = `
add membership admin db
add membership bob db
remove user eve
add user kim
add membership kim db
change password root`
	if got := lines(named); !strings.HasSuffix(got, also) {
		t.Errorf("the plan is\n%s\nwant at its end%s", got, also)
	}
	const kept = "admin keeps the role root, although the policy does not grant it, because apply runs as admin\n" +
		"the password of admin stays, because apply runs as admin\n" +
		"the user root keeps the role root, although the policy does not grant it"
	if got := strings.Join(named.Kept, "\n"); got != kept {
		t.Errorf("it keeps\n%s\nwant\n%s", got, kept)
	}
}

func TestANewUserNeedsAPassword(t *testing.T) {
	_, err := New(cluster(t, ""), read(t, "users: {kim: {}, lee: }\nroles: {ectl-keep-7: }"), Options{})
	const want = `3 problems in the policy
  p.yaml:3:9: the name "ectl-keep-7" is taken by the roles that apply makes for a while; choose another
  p.yaml:2:9: the user kim does not exist yet, and the policy gives no source of its password; add password: {env: VARIABLE}, {file: PATH}, {command: LINE}, {generate: true} or none
  p.yaml:2:18: the user lee does not exist yet, and the policy gives no source of its password; add password: {env: VARIABLE}, {file: PATH}, {command: LINE}, {generate: true} or none`
	if err == nil || err.Error() != want {
		t.Errorf("New = %v\nwant %s", err, want)
	}
}

func TestTheRoleRootIsCreatedIfAUserIsToHoldIt(t *testing.T) {
	p, err := New(access.NewState(), read(t, "users: {root: {roles: [root], password: none}}"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(p); got != "add role root\nadd user root\nadd membership root root" {
		t.Errorf("the plan is\n%s", got)
	}
	if len(p.Effects) != 1 || !p.Effects[0].BecomesRoot {
		t.Errorf("the effects are %+v, want that root becomes root", p.Effects)
	}
}

func TestAnExportedClusterNeedsNoChange(t *testing.T) {
	s := cluster(t, strings.ReplaceAll(there, "ectl-keep-1", "keep"))
	text, err := policy.YAML(s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(policy.Document{Name: "export", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := New(s, p, Options{Prune: true}); err != nil || !got.IsEmpty() || len(got.Effects)+len(got.Kept)+len(got.Stages) > 0 {
		t.Errorf("the plan for an export is %+v, %v", got, err)
	}
}

func TestExpectationsAreOfWhatWillBe(t *testing.T) {
	p := read(t, wanted+"expect: [bob can read /new, bob cannot read /old/x, kim can read /y]")
	got, err := New(cluster(t, there), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	failed := got.Expectations(p.Expect)
	if len(failed) != 2 || !strings.Contains(failed[0].Message, "bob can read key /old/x by the role old") || !strings.Contains(failed[1].Message, "kim cannot read key /y") {
		t.Errorf("what fails is %v, want the last two", failed)
	}
}

func TestTheUsualPlanGivesAndThenTakes(t *testing.T) {
	p, err := New(cluster(t, there), read(t, wanted), Options{Prune: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Stages) != 2 {
		t.Errorf("the stages are %v, want two", p.Stages)
	}
}

func TestOnlyRolesWithANumberWereMadeForAWhile(t *testing.T) {
	for name, want := range map[string]bool{"ectl-keep-1": true, "ectl-keep-20": true, "ectl-keep-": false, "ectl-keep-it": false, "keep-1": false, "ectl-keep-1x": false} {
		t.Run(name, func(t *testing.T) {
			if got := IsKeeper(name); got != want {
				t.Errorf("IsKeeper(%q) = %t, want %t", name, got, want)
			}
		})
	}
}

func BenchmarkPlanOfACompanyThatIsEntangled(b *testing.B) {
	const users = 5000
	before, after := access.NewState(), access.NewState()
	for i := range users {
		key := fmt.Appendf(nil, "/app%d/", i)
		role := access.Role{Name: fmt.Sprintf("r%d", i), Permissions: []access.Permission{{Access: access.Read, Range: access.Range{Key: key, End: access.PrefixEnd(key)}}}}
		before.Roles[role.Name], after.Roles[role.Name] = role, access.Role{Name: role.Name}
		name := fmt.Sprintf("u%d", i)
		before.Users[name] = access.User{Name: name}
		after.Users[name] = access.User{Name: name, Roles: []string{role.Name}}
	}
	wanted := policyOf(after)
	for b.Loop() {
		if p, err := New(before, wanted, Options{Prune: true}); err != nil || len(p.Stages) != 2 {
			b.Fatalf("%d stages, %v; want that all is taken before it is given", len(p.Stages), err)
		}
	}
}
