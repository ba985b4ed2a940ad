package access

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// found describes what Lint finds, a line each.
func found(s State) []string {
	var lines []string
	for _, f := range Lint(s) {
		var grants, commands []string
		for _, p := range f.Grants {
			grants = append(grants, p.String())
		}
		for _, c := range f.Commands {
			commands = append(commands, strings.Join(c, " "))
		}
		lines = append(lines, fmt.Sprintf("%s %s %s (%s): %s", f.Rule.Severity, f.Rule.Name, f.Object, strings.Join(grants, " + "), strings.Join(commands, "; ")))
	}
	return lines
}

func TestLintFindsWhatItsRulesName(t *testing.T) {
	role := func(permissions ...Permission) State { return stateOf(Role{"app", permissions}) }
	for name, test := range map[string]struct {
		state State
		want  []string
	}{
		"nothing": {role(grant(ReadWrite, "/app/", "/app0"), grant(Read, "/config", ""), grant(ReadWrite, "/db/", "/db0")), nil},
		"a grant on every key": {role(grant(Read, "\x00", "\x00")), []string{
			"high whole-key-space role app (read every key): role revoke-permission app  --prefix"}},
		"every key by two grants": {role(grant(Read, "\x00", "m"), grant(ReadWrite, "m", "\x00")), []string{
			"high whole-key-space role app (): ",
			"medium open-ended role app (readwrite keys from m): role revoke-permission app m --from-key"}},
		"an open end": {role(grant(Read, "/x", "\x00"), grant(Read, "-y", "\x00")), []string{
			"medium open-ended role app (read keys from /x): role revoke-permission app /x --from-key",
			"medium open-ended role app (read keys from -y): role revoke-permission --from-key -- app -y",
			"low shadowed-grant role app (read keys from /x): role revoke-permission app /x --from-key"}},
		"the end of a prefix of the largest byte": {role(grant(Read, "\xff", "\x00")), nil},
		"a prefix that a sibling has, too": {role(grant(Read, "/app", "/apq"), grant(Read, "svc.web", "svc.wec")), []string{
			"medium prefix-without-separator role app (read prefix /app): role grant-permission app read /app/ --prefix; role revoke-permission app /app --prefix",
			"medium prefix-without-separator role app (read prefix svc.web): role grant-permission app read svc.web. --prefix; role revoke-permission app svc.web --prefix"}},
		"a wildcard": {role(grant(Read, "/app/*", ""), grant(Read, "/*/x", ""), grant(Read, "/b", "/c*")), []string{
			"medium wildcard role app (read key /app/*): role grant-permission app read /app/ --prefix; role revoke-permission app /app/*",
			"medium wildcard role app (read key /*/x): role revoke-permission app /*/x",
			"medium wildcard role app (read [/b, /c*)): role revoke-permission app /b /c*"}},
		"an exception that is none": {role(grant(ReadWrite, "/app/", "/app0"), grant(Read, "/app/secret", "")), []string{
			"medium narrower-grant role app (read key /app/secret + readwrite prefix /app/): role revoke-permission app /app/secret"}},
		"more on a part is no exception": {role(grant(Read, "/app/", "/app0"), grant(ReadWrite, "/app/own/", "/app/own0")), nil},
		"the same range twice": {role(grant(Read, "/a/", ""), grant(ReadWrite, "/a/", "/a0"), grant(Read, "/a/", "/a0")), []string{
			"medium narrower-grant role app (read key /a/ + readwrite prefix /a/): role revoke-permission app /a/",
			"medium duplicate-grant role app (read prefix /a/): role revoke-permission app /a/ --prefix; role grant-permission app readwrite /a/ --prefix"}},
		"the same keys in another notation": {role(grant(Read, "k", ""), grant(Read, "k", "k\x00")), []string{
			"medium duplicate-grant role app (read [k, \"k\\x00\")): role revoke-permission app k k\x00"}},
		"a superfluous grant": {role(grant(Read, "/a/", "/a0"), grant(Read, "/a/b", "")), []string{
			"low shadowed-grant role app (read key /a/b): role revoke-permission app /a/b"}},
		"a grant that two others make superfluous": {role(grant(Read, "/a:", "/b:"), grant(Read, "/a[", "/b["), grant(Read, "/b.", "/c:")), []string{
			"low shadowed-grant role app (read [/a[, /b[)): role revoke-permission app /a[ /b[",
			"low adjacent-grants role app (read [/a:, /b:) + read [/b., /c:)): role grant-permission app read /a: /c:; role revoke-permission app /a: /b:; role revoke-permission app /b. /c:"}},
		"two grants that touch": {role(grant(Read, "/a.", "/b."), grant(Read, "/b.", "/c.")), []string{
			"low adjacent-grants role app (read [/a., /b.) + read [/b., /c.)): role grant-permission app read /a. /c.; role revoke-permission app /a. /b.; role revoke-permission app /b. /c."}},
		"writing without reading": {role(grant(Write, "/log/", "/log0")), []string{
			"low write-without-read role app (write prefix /log/): role grant-permission app readwrite /log/ --prefix"}},
		"reading through another role": {stateOf(Role{"app", []Permission{grant(Write, "/log/", "/log0")}}, Role{"all", []Permission{grant(Read, "/log/", "/log0")}}), nil},
		"the role root, whatever it holds": {stateOf(Role{"app", []Permission{grant(Read, "/x", "")}}, Role{RootRole, []Permission{grant(Read, "\x00", "\x00")}}), []string{
			"high root-holder user u (): user revoke-role u root"}},
	} {
		if got := found(test.state); !slices.Equal(got, test.want) {
			t.Errorf("%s: found\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
	s := NewState()
	s.Users[RootUser] = User{RootUser, []string{RootRole}}
	s.Users["idle"] = User{"idle", nil}
	s.Roles[RootRole] = Role{Name: RootRole}
	s.Roles["empty"] = Role{Name: "empty"}
	want := []string{
		"low unheld-role role empty (): role delete empty",
		"low empty-role role empty (): role delete empty",
		"low user-without-roles user idle (): user delete idle",
	}
	if got := found(s); !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAPrefixWithoutSeparatorNamesTheSiblingsThatAreKnown(t *testing.T) {
	s := stateOf(Role{"app", []Permission{grant(Read, "/app", "/apq")}}, Role{"other", []Permission{grant(Read, "/app2/", "/app20"), grant(Read, "/app/x", ""), grant(Read, "/apple", "")}})
	var why []string
	for _, f := range Lint(s) {
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
		if s, err := ParseSeverity(rule.Severity.String()); err != nil || s != rule.Severity {
			t.Errorf("%s is %s, %v", rule.Severity, s, err)
		}
	}
	if _, err := ParseSeverity("worst"); err == nil {
		t.Error("worst is a severity")
	}
}

func TestWaiversAreForARuleOnAnObjectOrOnOneGrant(t *testing.T) {
	s := stateOf(Role{"app", []Permission{grant(Read, "/x", "\x00"), grant(Write, "/a/", "/a0")}})
	findings := Lint(s)
	used := Waive(findings, []Waiver{
		{"open-ended", "role app: read keys from /x", "the archive"},
		{"write-without-read", "role app", "logs"},
		{"write-without-read", "role other", "not there"},
		{"open-ended", "role app: read keys from /y", "not there either"},
	})
	if want := []bool{true, true, false, false}; !slices.Equal(used, want) {
		t.Errorf("used: %v, want %v", used, want)
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

// run returns the permissions of a role after a command that grants or revokes
// one. A grant on a range that the role has takes the place of the other one
// only sometimes (etcd-io/etcd#21845), a revocation takes all on that range.
func run(permissions []Permission, args []string, random *rand.Rand) []Permission {
	granting := args[1] == "grant-permission"
	var words []string
	flag := ""
	for _, word := range args[3:] { // the role's name
		if word == "--prefix" || word == "--from-key" {
			flag = word
		} else {
			words = append(words, word)
		}
	}
	p := Permission{Access: ReadWrite}
	if granting {
		p.Access, _ = ParseAccess(words[0])
		words = words[1:]
	}
	p.Range.Key = []byte(words[0])
	switch {
	case flag == "--prefix":
		p.Range = PrefixRange(p.Range.Key)
	case flag == "--from-key":
		p.Range.End = []byte(OpenEnd)
	case len(words) > 1:
		p.Range.End = []byte(words[1])
	}
	if !granting || random.IntN(2) == 0 {
		permissions = slices.DeleteFunc(slices.Clone(permissions), func(o Permission) bool { return o.Range.Equal(p.Range) })
	}
	if granting {
		permissions = append(slices.Clone(permissions), p)
	}
	return permissions
}

func TestWhatMendsAGrantLeavesAccessAsItWas(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	ends := words(2)
	mended := map[string]int{}
	for range 3000 {
		role := Role{Name: "app"}
		for range 1 + random.IntN(5) {
			role.Permissions = append(role.Permissions, Permission{Access: Access(1 + random.IntN(3)), Range: randomRange(random, ends)})
			if last := role.Permissions[len(role.Permissions)-1]; random.IntN(4) == 0 {
				role.Permissions = append(role.Permissions, Permission{Access: Access(1 + random.IntN(3)), Range: last.Range})
			}
		}
		before := roleEffective(role)
		for _, f := range Lint(stateOf(role)) {
			switch f.Rule.Name {
			case ruleDuplicate, ruleNarrower, ruleShadowed, ruleAdjacent:
			default:
				continue // what mends these changes what may be done, on purpose
			}
			after := role
			for _, args := range f.Commands {
				after.Permissions = run(after.Permissions, args, random)
			}
			e := roleEffective(after)
			if !e.Read.Equal(before.Read) || !e.Write.Equal(before.Write) {
				t.Fatalf("%v, mended by %q because of %s, becomes %v", role.Permissions, f.Commands, f.Rule.Name, after.Permissions)
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

func TestAMatrixIsUsersByTheRangesOfRoles(t *testing.T) {
	s := stateOf(
		Role{"app", []Permission{grant(ReadWrite, "/app/", "/app0"), grant(Read, "k", "k\x00")}},
		Role{"wide", []Permission{grant(Read, "/", "0"), grant(Read, "k", ""), grant(Write, "z", "a")}},
		Role{RootRole, []Permission{grant(Read, "ignored", "")}})
	s.Users["u"] = User{"u", []string{"app"}}
	s.Users["admin"] = User{"admin", []string{RootRole}}
	s.Users["none"] = User{"none", nil}
	describe := func(m Matrix) string {
		lines := []string{fmt.Sprint(m.Ranges)}
		for _, u := range m.Users {
			line := u.Name
			for _, c := range m.Cells(u) {
				line += fmt.Sprintf(" %s/%s", c.Whole, c.Part)
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}
	if got, want := describe(s.Matrix(Everything())), "[prefix / prefix /app/ key k]\nadmin readwrite/none readwrite/none readwrite/none\nnone none/none none/none none/none\nu none/readwrite readwrite/none read/none"; got != want {
		t.Errorf("the matrix is\n%s\nwant\n%s", got, want)
	}
	if got, want := describe(s.Matrix(Range{Key: []byte("k")})), "[key k]\nadmin readwrite/none\nu read/none"; got != want {
		t.Errorf("the matrix of k is\n%s\nwant\n%s", got, want)
	}
}

func TestTheCellsOfAMatrixAreTheDecisions(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	ends := words(2)
	for range 500 {
		var roles []Role
		for i := range 4 {
			role := Role{Name: fmt.Sprint("r", i)}
			for range random.IntN(5) {
				role.Permissions = append(role.Permissions, Permission{Access: Access(1 + random.IntN(3)), Range: randomRange(random, ends)})
			}
			roles = append(roles, role)
		}
		s := stateOf(roles...)
		s.Users["u"] = User{"u", []string{"r0", "r1"}}
		m := s.Matrix(Everything())
		for i, c := range m.Cells(m.Users[0]) {
			for _, kind := range ReadWrite.Kinds() {
				whole, some := m.Users[0].Allows(kind, m.Ranges[i]), m.Users[0].Keys(kind).Touches(m.Ranges[i])
				if c.Whole.Has(kind) != whole || c.Part.Has(kind) != (some && !whole) {
					t.Fatalf("of %s in %v: %s may %s all %t, some %t, and the cell has %s and %s", m.Ranges[i], m.Ranges, m.Users[0].Grants, kind, whole, some, c.Whole, c.Part)
				}
			}
		}
	}
}

func TestWhoCanNamesHoldersOfAllOrAPart(t *testing.T) {
	s := stateOf(Role{"app", []Permission{grant(ReadWrite, "/app/", "/app0"), grant(Read, "/app/x", "")}})
	s.Users["all"] = User{"all", []string{RootRole}}
	s.Roles["one"] = Role{"one", []Permission{grant(Read, "/app/x", ""), grant(Read, "/z", "")}}
	s.Users["part"] = User{"part", []string{"one"}}
	s.Users["none"] = User{"none", nil}
	var lines []string
	for _, h := range s.WhoCan(Read, Range{Key: []byte("/app/"), End: []byte("/app0")}) {
		lines = append(lines, fmt.Sprint(h.User, " ", h.Root, " ", h.Whole, " ", h.Part, " ", h.Grants))
	}
	want := []string{
		"all true true prefix /app/ [readwrite every key]",
		"part false false key /app/x [read key /app/x]",
		"u false true prefix /app/ [readwrite prefix /app/]",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("who can read /app/:\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if holders := s.WhoCan(ReadWrite, Range{Key: []byte("/app/x")}); len(holders) != 2 {
		t.Errorf("who can read and write /app/x: %+v", holders)
	}
}
