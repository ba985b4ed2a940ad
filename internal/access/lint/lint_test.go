package lint

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
	"github.com/ectl-io/ectl/internal/access/policy"
)

func perm(a access.Access, key, end string) access.Permission {
	return access.Permission{Access: a, Range: access.Range{Key: []byte(key), End: []byte(end)}}
}

// stateOf returns a state of roles and of one user, u, who has all of them.
func stateOf(roles ...access.Role) access.State {
	s := access.NewState()
	var names []string
	for _, role := range roles {
		s.Roles[role.Name] = role
		names = append(names, role.Name)
	}
	s.Users["u"] = access.User{Name: "u", Roles: names}
	return s
}

// randomPermissions returns permissions on ranges that overlap, touch and are written
// in several notations, some of them on the range of another.
func randomPermissions(random *rand.Rand, maxRanges int) []access.Permission {
	keys := []string{"\x00", "\xff", "a", "b"}
	for _, first := range keys[:4] {
		for _, second := range keys[:4] {
			keys = append(keys, first+second)
		}
	}
	key := func() []byte { return []byte(keys[random.IntN(len(keys))]) }
	kind := func() access.Access { return access.Access(1 + random.IntN(3)) }
	var permissions []access.Permission
	for range 1 + random.IntN(maxRanges) {
		r := access.Range{Key: key()}
		switch random.IntN(8) {
		case 0:
			r.End = []byte(access.OpenEnd)
		case 1, 2:
			r.End = access.PrefixEnd(r.Key)
		case 3, 4:
		default:
			r.End = key()
		}
		permissions = append(permissions, access.Permission{Access: kind(), Range: r})
		if random.IntN(4) == 0 {
			permissions = append(permissions, access.Permission{Access: kind(), Range: r})
		}
	}
	return permissions
}

// found describes what Lint finds, a line each.
func found(s access.State) []string {
	var lines []string
	for _, f := range Find(s) {
		var grants, fix []string
		for _, p := range f.Grants {
			grants = append(grants, p.String())
		}
		for _, step := range f.Fix {
			fix = append(fix, step.String())
		}
		lines = append(lines, fmt.Sprintf("%s %s %s (%s): %s", f.Rule.Severity, f.Rule.Name, f.Object, strings.Join(grants, " + "), strings.Join(fix, "; ")))
	}
	return lines
}

func TestLintFindsWhatItsRulesName(t *testing.T) {
	role := func(permissions ...access.Permission) access.State {
		return stateOf(access.Role{Name: "app", Permissions: permissions})
	}
	for name, test := range map[string]struct {
		state access.State
		want  []string
	}{
		"nothing": {role(perm(access.ReadWrite, "/app/", "/app0"), perm(access.Read, "/config", ""), perm(access.ReadWrite, "/db/", "/db0")), nil},
		"a grant on every key": {role(perm(access.Read, "\x00", "\x00")), []string{
			"high whole-key-space role app (read every key): revoke every key from role app"}},
		"every key by two grants": {role(perm(access.Read, "\x00", "m"), perm(access.ReadWrite, "m", "\x00")), []string{
			"high whole-key-space role app (): ",
			"medium open-ended role app (readwrite keys from m): revoke keys from m from role app"}},
		"an open end": {role(perm(access.Read, "/x", "\x00"), perm(access.Read, "-y", "\x00")), []string{
			"medium open-ended role app (read keys from /x): revoke keys from /x from role app",
			"medium open-ended role app (read keys from -y): revoke keys from -y from role app",
			"low shadowed-grant role app (read keys from /x): revoke keys from /x from role app"}},
		"the end of a prefix of the largest byte": {role(perm(access.Read, "\xff", "\x00")), nil},
		"a prefix that a sibling has, too": {role(perm(access.Read, "/app", "/apq"), perm(access.Read, "svc.web", "svc.wec")), []string{
			"medium prefix-without-separator role app (read prefix /app): grant read prefix /app/ to role app; revoke prefix /app from role app",
			"medium prefix-without-separator role app (read prefix svc.web): grant read prefix svc.web. to role app; revoke prefix svc.web from role app"}},
		"a wildcard": {role(perm(access.Read, "/app/*", ""), perm(access.Read, "/*/x", ""), perm(access.Read, "/b", "/c*")), []string{
			"medium wildcard role app (read key /app/*): grant read prefix /app/ to role app; revoke key /app/* from role app",
			"medium wildcard role app (read key /*/x): revoke key /*/x from role app",
			"medium wildcard role app (read [/b, /c*)): revoke [/b, /c*) from role app"}},
		"an exception that is none": {role(perm(access.ReadWrite, "/app/", "/app0"), perm(access.Read, "/app/secret", "")), []string{
			"medium narrower-grant role app (read key /app/secret + readwrite prefix /app/): revoke key /app/secret from role app"}},
		"more on a part is no exception": {role(perm(access.Read, "/app/", "/app0"), perm(access.ReadWrite, "/app/own/", "/app/own0")), nil},
		"the same range twice": {role(perm(access.Read, "/a/", ""), perm(access.ReadWrite, "/a/", "/a0"), perm(access.Read, "/a/", "/a0")), []string{
			"medium narrower-grant role app (read key /a/ + readwrite prefix /a/): revoke key /a/ from role app",
			"medium duplicate-grant role app (read prefix /a/): revoke prefix /a/ from role app; grant readwrite prefix /a/ to role app"}},
		"the same keys in another notation": {role(perm(access.Read, "k", ""), perm(access.Read, "k", "k\x00")), []string{
			"medium duplicate-grant role app (read [k, \"k\\x00\")): revoke [k, \"k\\x00\") from role app"}},
		"a superfluous grant": {role(perm(access.Read, "/a/", "/a0"), perm(access.Read, "/a/b", "")), []string{
			"low shadowed-grant role app (read key /a/b): revoke key /a/b from role app"}},
		"a grant that two others make superfluous": {role(perm(access.Read, "/a:", "/b:"), perm(access.Read, "/a[", "/b["), perm(access.Read, "/b.", "/c:")), []string{
			"low shadowed-grant role app (read [/a[, /b[)): revoke [/a[, /b[) from role app",
			"low adjacent-grants role app (read [/a:, /b:) + read [/b., /c:)): grant read [/a:, /c:) to role app; revoke [/a:, /b:) from role app; revoke [/b., /c:) from role app"}},
		"two grants that touch": {role(perm(access.Read, "/a.", "/b."), perm(access.Read, "/b.", "/c.")), []string{
			"low adjacent-grants role app (read [/a., /b.) + read [/b., /c.)): grant read [/a., /c.) to role app; revoke [/a., /b.) from role app; revoke [/b., /c.) from role app"}},
		"writing without reading": {role(perm(access.Write, "/log/", "/log0")), []string{
			"low write-without-read role app (write prefix /log/): grant readwrite prefix /log/ to role app"}},
		"reading through another role": {stateOf(access.Role{Name: "app", Permissions: []access.Permission{perm(access.Write, "/log/", "/log0")}}, access.Role{Name: "all", Permissions: []access.Permission{perm(access.Read, "/log/", "/log0")}}), nil},
		"the role root, whatever it holds": {stateOf(access.Role{Name: "app", Permissions: []access.Permission{perm(access.Read, "/x", "")}}, access.Role{Name: access.RootRole, Permissions: []access.Permission{perm(access.Read, "\x00", "\x00")}}), []string{
			"high root-holder user u (): revoke role root from user u"}},
		"users and roles that nothing holds together": {idleState(), []string{
			"low unheld-role role empty (): delete role empty",
			"low empty-role role empty (): delete role empty",
			"low user-without-roles user idle (): delete user idle"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := found(test.state); !slices.Equal(got, test.want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// idleState returns a state with a user and a role that are of no use.
func idleState() access.State {
	s := access.NewState()
	s.Users[access.RootUser] = access.User{Name: access.RootUser, Roles: []string{access.RootRole}}
	s.Users["idle"] = access.User{Name: "idle"}
	s.Roles[access.RootRole] = access.Role{Name: access.RootRole}
	s.Roles["empty"] = access.Role{Name: "empty"}
	return s
}

func TestAPrefixWithoutSeparatorNamesTheSiblingsThatAreKnown(t *testing.T) {
	s := stateOf(access.Role{Name: "app", Permissions: []access.Permission{perm(access.Read, "/app", "/apq")}}, access.Role{Name: "other", Permissions: []access.Permission{perm(access.Read, "/app2/", "/app20"), perm(access.Read, "/app/x", ""), perm(access.Read, "/apple", "")}})
	var why []string
	for _, f := range Find(s) {
		if f.Rule.Name == ruleSibling {
			why = append(why, f.Why)
		}
	}
	if want := []string{"it also covers /app2, and there are grants on key /apple, prefix /app2/"}; !slices.Equal(why, want) {
		t.Errorf("it says %q, want %q", why, want)
	}
}

func TestEveryRuleHasANameOfItsOwn(t *testing.T) {
	names := map[string]bool{}
	last := High
	for _, rule := range Rules() {
		if names[rule.Name] || rule.Finds == "" || rule.Severity > last {
			t.Errorf("the rule %+v: its name is another's, it says nothing, or it stands behind a worse one", rule)
		}
		names[rule.Name], last = true, rule.Severity
	}
}

func TestWaiversAreForARuleOnAnObjectOrOnOneGrant(t *testing.T) {
	s := stateOf(access.Role{Name: "app", Permissions: []access.Permission{perm(access.Read, "/x", "\x00"), perm(access.Write, "/a/", "/a0")}})
	findings := Find(s)
	unused := Waive(findings, []policy.Waiver{
		{Rule: "open-ended", Object: "role app: read keys from /x", Reason: "the archive"},
		{Rule: "write-without-read", Object: "role app", Reason: "logs"},
		{Rule: "write-without-read", Object: "role other", Reason: "not there"},
		{Rule: "open-ended", Object: "role app: read keys from /y", Reason: "not there either"},
	})
	if len(unused) != 2 || unused[0].Reason != "not there" || unused[1].Reason != "not there either" {
		t.Errorf("unused: %v, want the last two", unused)
	}
	reasons := map[string]string{"open-ended": "the archive", "write-without-read": "logs"}
	for _, f := range findings {
		if f.Waived != reasons[f.Rule.Name] {
			t.Errorf("%s is waived because of %q", f.Rule.Name, f.Waived)
		}
	}
	if len(findings) != 2 {
		t.Errorf("found %q", found(s))
	}
}

// do returns the permissions of a role after a step that grants or revokes one. A
// grant on a range that the role has takes the place of the other one only sometimes
// (etcd-io/etcd#21845), a revocation takes all on that range.
func do(permissions []access.Permission, step plan.Step, random *rand.Rand) []access.Permission {
	after := slices.Clone(permissions)
	if step.Verb == plan.RevokeKeys || random.IntN(2) == 0 {
		after = slices.DeleteFunc(after, func(o access.Permission) bool { return o.Range.Equal(step.Permission.Range) })
	}
	if step.Verb == plan.GrantKeys {
		after = append(after, step.Permission)
	}
	return after
}

func TestWhatMendsAGrantLeavesAccessAsItWas(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	mended := map[string]int{}
	for range 3000 {
		role := access.Role{Name: "app", Permissions: randomPermissions(random, 5)}
		before := role.Effective()
		for _, f := range Find(stateOf(role)) {
			switch f.Rule.Name {
			case ruleDuplicate, ruleNarrower, ruleShadowed, ruleAdjacent:
			default:
				continue // what mends these changes what may be done, on purpose
			}
			after := role
			for _, step := range f.Fix {
				after.Permissions = do(after.Permissions, step, random)
			}
			e := after.Effective()
			if !e.Read.Equal(before.Read) || !e.Write.Equal(before.Write) {
				t.Fatalf("%v, mended by %q because of %s, becomes %v", role.Permissions, f.Fix, f.Rule.Name, after.Permissions)
			}
			mended[f.Rule.Name]++
		}
	}
	for _, rule := range []string{ruleDuplicate, ruleNarrower, ruleShadowed, ruleAdjacent} {
		if mended[rule] < 100 {
			t.Errorf("%s was found %d times only", rule, mended[rule])
		}
	}
}

// The command that takes the wide grant away comes after one that keeps what was
// probably meant, or the finding names what is lost.
func TestTheFixOfAnOpenEndSaysWhatIsLost(t *testing.T) {
	for key, want := range map[string]struct{ why, mend string }{
		"/logs/": {"future ones", "grant read prefix /logs/ to role app; revoke keys from /logs/ from role app"},
		"m":      {"the fix takes all of it away from a, b, c and 1 more: grant the keys that are needed first", "revoke keys from m from role app"},
	} {
		s := access.NewState()
		s.Roles["app"] = access.Role{Name: "app", Permissions: []access.Permission{{Access: access.Read, Range: access.Range{Key: []byte(key), End: []byte(access.OpenEnd)}}}}
		for _, user := range []string{"a", "b", "c", "d"} {
			s.Users[user] = access.User{Name: user, Roles: []string{"app"}}
		}
		found := Find(s)
		if len(found) != 1 {
			t.Fatalf("keys from %s: %v, want one finding", key, found)
		}
		var mend []string
		for _, step := range found[0].Fix {
			mend = append(mend, step.String())
		}
		if got := strings.Join(mend, "; "); got != want.mend || !strings.HasSuffix(found[0].Why, want.why) {
			t.Errorf("keys from %s: %s, mended by %s; want %s, mended by %s", key, found[0].Why, got, want.why, want.mend)
		}
	}
}
