package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
)

const example = `# yaml-language-server: $schema=https://example.com/policy.schema.json
apiVersion: ectl/v1
roles:
  app:
    - {access: readwrite, prefix: /myapp/data/}
    - {access: read, key: /myapp/config}
    - {access: read, range: [/a, /b]}
    - {access: write, from: /z}
    - {access: read, all: true}
    - {access: read, key_base64: /w==}
    - {access: write, prefix_base64: "/w=="}
    - {access: write, range_base64: [AA==, /w==]}
  empty: []
  none:
users:
  app-user:
    roles: [app]
    password: {env: APP_PASSWORD}
  filed: {password: {file: /run/secrets/pw}}
  asked: {password: {command: pass show etcd/asked}}
  made: {password: {generate: true}}
  kube-apiserver:
    roles: [app, empty]
    password: none
  root: {roles: [root]}
  bare:
expect:
  - app-user can write prefix /myapp/data/
  - bare cannot readwrite all
waive:
  - {rule: every-key, object: role app, reason: It is the backup.}
`

func parse(t *testing.T, text string) Policy {
	t.Helper()
	p, err := Parse(Document{"policy.yaml", []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPolicyFileSaysWhoMayDoWhat(t *testing.T) {
	p := parse(t, example)
	var got []string
	for _, permission := range p.Roles["app"].Permissions {
		got = append(got, fmt.Sprintf("%s %q %q", permission.Access, permission.Range.Key, permission.Range.End))
	}
	want := []string{
		`readwrite "/myapp/data/" "/myapp/data0"`, `read "/myapp/config" ""`, `read "/a" "/b"`, `write "/z" "\x00"`, `read "\x00" "\x00"`,
		`read "\xff" ""`, `write "\xff" "\x00"`, `write "\x00" "\xff"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the permissions of app are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(p.Roles) != 3 || len(p.Users) != 7 {
		t.Errorf("%d roles and %d users, want 3 and 7", len(p.Roles), len(p.Users))
	}
	for name, want := range map[string]Password{
		"app-user": {Source: Env, Value: "APP_PASSWORD"}, "filed": {Source: File, Value: "/run/secrets/pw"},
		"asked": {Source: Command, Value: "pass show etcd/asked"}, "made": {Source: Generate}, "kube-apiserver": {Source: None}, "root": {},
	} {
		got := p.Users[name].Password
		got.At = Position{}
		if got != want {
			t.Errorf("the password of %s is %+v, want %+v", name, got, want)
		}
	}
	if at := p.Users["app-user"].At.String(); at != "policy.yaml:16:3" {
		t.Errorf("app-user is at %s, want policy.yaml:16:3", at)
	}
	if len(p.Expect) != 2 || len(p.Waivers) != 1 || p.Waivers[0].Rule != "every-key" {
		t.Errorf("assertions %+v and waivers %+v, want two and one", p.Expect, p.Waivers)
	}
	if roles := strings.Join(p.State().RoleNames(), " "); roles != "app empty none root" {
		t.Errorf("the policy's state has the roles %s, want app empty none root", roles)
	}
}

func TestAPolicyFileCanBeJSON(t *testing.T) {
	p := parse(t, "\ufeff{\n\t\"apiVersion\": \"ectl/v1\",\n\t\"roles\": {\"r\\ud83d\\uDE00\": [\n\t\t{\"access\": \"read\", \"prefix\": \"\\u002fa\\/\\\\\\\\ud83d\"}\n\t]},\n\t\"users\": {}\n}")
	if got := string(p.Roles["r\U0001F600"].Permissions[0].Range.Key); got != `/a/\\ud83d` {
		t.Errorf("the key is %q, want %q", got, `/a/\\ud83d`)
	}
}

// Every fault is found in one go, at its place, with what to do.
func TestEveryFaultOfAPolicyIsReportedAtOnce(t *testing.T) {
	const text = `apiVersion: ectl/v2
rolls: {}
roles:
  app:
    - {access: readwrit, prefix: /a/}
    - {access: read, prefx: /a/}
    - {access: read, prefix: ""}
    - {access: read, range: [/b, /a]}
    - {access: read, range: [/b]}
    - {access: read, key: ""}
    - {access: read}
    - {prefix: /c/}
    - {access: read, key: /k, prefix: /p/}
    - {access: read, key_base64: "!"}
    - {access: read, prefix: /d/}
    - {access: write, prefix: /d/}
    - {access: read, from: ""}
    - {access: read, range: [/b, "\0"]}
    - {access: read, all: false}
    - read
  app: []
  root: [{access: read, key: /x}]
users:
  bob:
    roles: [ap, app, app]
    password: hunter2
  eve:
    password: {env: ""}
    admin: true
  joe: {password: {env: A, file: b}}
  kim: {password: {}}
  lee: {password: {generate: no}, roles: app}
expect:
  - bob may read /x
  - bob can raed /x
  - bob can read prefix ""
  - bob can read prfix /x
  - can read
waive:
  - {rule: x}
`
	_, err := Parse(Document{"p.yaml", []byte(text)})
	problems, ok := errors.AsType[Errors](err)
	if !ok {
		t.Fatalf("Parse = %v, want Errors", err)
	}
	want := []string{
		`p.yaml:1:13: this program does not know the apiVersion; write ectl/v1`,
		`p.yaml:2:1: a policy has no field "rolls"; did you mean "roles"?`,
		`p.yaml:5:16: unknown access; it is read, write or readwrite; did you mean "readwrite"?`,
		`p.yaml:6:22: a permission has no field "prefx"; did you mean "prefix"?`,
		`p.yaml:7:30: the prefix is empty, which is every key; write all where you mean it`,
		`p.yaml:8:29: the range ends at "/a", before it starts at "/b"`,
		`p.yaml:9:29: a range has two keys`,
		`p.yaml:10:27: the key is empty`,
		`p.yaml:11:7: the permission has no keys`,
		`p.yaml:12:7: the permission has no access`,
		`p.yaml:13:31: a permission has one range, here are key and prefix`,
		`p.yaml:14:34: the key is not base64`,
		`p.yaml:16:7: the role app has prefix /d/ twice; write it once, with the access that is meant: readwrite for both`,
		`p.yaml:17:28: the from is empty`,
		`p.yaml:18:29: the end of the range is the first key of all`,
		`p.yaml:19:27: all is true or not there`,
		`p.yaml:20:7: a permission is written as names with values, not as text`,
		`p.yaml:21:3: "app" is given twice, first in line 4`,
		`p.yaml:22:3: the role root allows everything`,
		`p.yaml:25:13: the role "ap" is not in the policy; did you mean "app"?`,
		`p.yaml:25:22: the user bob has the role app twice`,
		`p.yaml:26:15: a password does not stand in the policy itself; write none`,
		`p.yaml:28:21: env is empty`,
		`p.yaml:29:5: a user has no such field; the fields are roles, password`,
		`p.yaml:30:28: the password comes from one place, here are env and file`,
		`p.yaml:31:19: the password comes from nowhere`,
		`p.yaml:32:30: generate is true or not there`,
		`p.yaml:32:42: the roles of the user lee are a list, not text`,
		`p.yaml:34:5: the second word of an assertion is can or cannot`,
		`p.yaml:35:5: unknown access; it is read, write or readwrite; did you mean "read"?`,
		`p.yaml:36:5: the prefix is empty, which is every key`,
		`p.yaml:37:5: the word behind the access says no kind of range; did you mean "prefix"?`,
		`p.yaml:38:5: it is no assertion`,
		`p.yaml:40:5: the waiver is not complete`,
	}
	for i := range max(len(want), len(problems)) {
		switch {
		case i >= len(want):
			t.Errorf("unexpected: %s", problems[i])
		case i >= len(problems):
			t.Errorf("missing: %s", want[i])
		case !strings.HasPrefix(problems[i].String(), want[i]):
			t.Errorf("problem %d is\n  %s\nwant\n  %s...", i, problems[i], want[i])
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error shows a password: %v", err)
	}
}

func TestNamesThatStopEveryServerAreRefused(t *testing.T) {
	name := strings.Repeat("n", access.MaxName)
	policy := func(name string) string {
		return "apiVersion: ectl/v1\nroles:\n  ? " + name + "\n  : []\nusers:\n  ? " + name + "\n  : {password: none}\n"
	}
	if p := parse(t, policy(name)); len(p.Users) != 1 || len(p.Roles) != 1 {
		t.Errorf("names of %d bytes make %d users and %d roles, want one of each", len(name), len(p.Users), len(p.Roles))
	}
	_, err := Parse(Document{"p.yaml", []byte(policy("\u00e9" + name[1:]))}) // as many characters, one byte more
	const why = " has 32769 bytes and the maximum is 32768: a longer one stops every member of the cluster for good"
	if want := "2 problems in the policy\n  p.yaml:3:5: the name of the role" + why + "\n  p.yaml:6:5: the name of the user" + why; err == nil || err.Error() != want {
		t.Errorf("a longer name:\n%v\nwant\n%s", err, want)
	}
}

func TestWhatIsNoPolicyIsSaidToBeNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "f: the file is empty; write apiVersion: ectl/v1 into its first line",
		"# nothing\n":                     "f: the file is empty",
		"a: [b\nc: d":                     "f:2:2: while parsing a flow sequence: did not find expected",
		"roles:\n\tapp:\n":                "f:2:1: found character that cannot start any token; YAML is indented with spaces",
		"- apiVersion: ectl/v1":           "f:1:1: a policy is written as names with values, not as a list",
		"apiVersion: ectl/v1\n---\na: b":  "f: the file has several documents",
		"roles: {}":                       "f:1:1: the file has no apiVersion",
		"apiVersion: ectl/v1\n<<: {a: b}": "f:2:1: merge keys are not part of the format",
		"~":                               "f:1:1: a policy is empty",
		"apiVersion: ectl/v1\nroles: {r: [{access: read, key: !!binary aGk=}]}": "f:2:33: the tag !!binary is not part of the format",
		"apiVersion: ectl/v1\nusers: {~: {}, ? [a] : {}}":                       "2 problems in the policy\n  f:2:9: a name is text, not nothing\n  f:2:18: a name is text, not a list",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := Parse(Document{"f", []byte(text)})
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q is the error\n%v\nwant\n%s", text, err, want)
			}
		})
	}
	if _, err := Parse(); err == nil {
		t.Error("no file at all is a policy")
	}
}

func TestSeveralFilesAreOnePolicy(t *testing.T) {
	a := Document{"b/a.yaml", []byte("apiVersion: ectl/v1\nroles: {app: []}\nusers: {bob: {roles: [db]}}")}
	b := Document{"a/b.yaml", []byte("apiVersion: ectl/v1\nroles: {db: []}\nusers: {eve: {roles: [app]}}")}
	if p, err := Parse(a, b); err != nil || len(p.Roles) != 2 || len(p.Users) != 2 {
		t.Errorf("two files are %+v, %v", p, err)
	}
	_, err := Parse(a, a, Document{"c", []byte("apiVersion: ectl/v1\nroles: {app: []}")})
	const want = "4 problems in the policy\n" +
		"  b/a.yaml:2:9: the role \"app\" is also in b/a.yaml:2:9\n" +
		"  b/a.yaml:3:9: the user \"bob\" is also in b/a.yaml:3:9\n" +
		"  b/a.yaml:3:23: the role \"db\" is not in the policy; add it under roles\n" +
		"  c:2:9: the role \"app\" is also in b/a.yaml:2:9"
	if err == nil || err.Error() != want {
		t.Errorf("the same file twice is\n%v\nwant\n%s", err, want)
	}
}

func TestAliasesStandForTheirValue(t *testing.T) {
	p := parse(t, "apiVersion: ectl/v1\nroles:\n  a: &p [{access: read, key: &k /k}]\n  b: *p\n  c: [{access: write, key: *k}]\n")
	if len(p.Roles["b"].Permissions) != 1 || string(p.Roles["c"].Permissions[0].Range.Key) != "/k" {
		t.Errorf("the roles are %+v, want those behind the aliases", p.Roles)
	}
}

func TestAssertions(t *testing.T) {
	s := access.NewState()
	s.Roles["app"] = access.Role{Name: "app", Permissions: []access.Permission{
		{Access: access.ReadWrite, Range: access.Range{Key: []byte("/app/"), End: []byte("/app0")}},
		{Access: access.Read, Range: access.Range{Key: []byte("a b")}},
	}}
	s.Users["bob"] = access.User{Name: "bob", Roles: []string{"app"}}
	s.Users["root"] = access.User{Name: "root", Roles: []string{"root"}}
	for text, why := range map[string]string{
		"bob can write prefix /app/":            "",
		"bob can readwrite range /app/a /app/b": "",
		"bob can read /app/x":                   "",
		"bob can read key /app/x":               "",
		`bob can read "a b"`:                    "",
		`bob can read "a\x20b"`:                 "",
		`bob can write "a b"`:                   `bob cannot write key "a b"`,
		"bob can read prefix /app":              "bob cannot read key /app",
		"bob can read from /app/":               "bob cannot read key /app0",
		"bob cannot read prefix /app":           "bob can read prefix /app/ by the role app (readwrite prefix /app/)",
		"bob cannot readwrite all":              `bob can read prefix /app/, key "a b" by the role app`,
		"bob cannot write /secrets/a":           "",
		"root can readwrite all":                "",
		"root cannot read /x":                   "root can read key /x by the role root",
		"bop cannot read /x":                    `there is no user "bop"; did you mean "bob"?`,
		"zoe can read /x":                       `there is no user "zoe"`,
		"bob cannot read all":                   "bob can read",
		`bob cannot read "all"`:                 "",
	} {
		t.Run(text, func(t *testing.T) {
			a, err := ParseAssertion(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				return
			}
			got, holds := NewChecker(s).Check(a)
			if holds != (why == "") || !strings.HasPrefix(got, why) {
				t.Errorf("%s: holds %t, %q; want %q", text, holds, got, why)
			}
		})
	}
	for _, text := range []string{`bob can read "x`, "bob can read range a", "bob can read prefix a b", "bob can read a b c d", `bob can read ""`, `"" can read x`, `bob can read "prefix" a`} {
		t.Run(text, func(t *testing.T) {
			if a, err := ParseAssertion(text); err == nil {
				t.Errorf("%s is %+v, want an error", text, a)
			}
		})
	}
}

func TestAByteOrderMarkIsNoPartOfAPolicy(t *testing.T) {
	for name, text := range map[string]string{
		"YAML": "apiVersion: ectl/v1\nroles: {app: []}\n",
		"JSON": `{"apiVersion": "ectl/v1", "roles": {"app": []}, "users": {"\ud83d\ude00": {}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if p := parse(t, "\ufeff"+text); len(p.Roles) != 1 {
				t.Errorf("%s: the roles are %v", name, p.Roles)
			}
		})
	}
	_, err := Parse(Document{"f", []byte("\ufeffrole: {}\napiVersion: ectl/v1")})
	if want := `f:1:1: a policy has no field "role"; did you mean "roles"?`; err == nil || err.Error() != want {
		t.Errorf("behind a mark: %v, want %s", err, want)
	}
}

func TestAPolicyThatIsNotUTF8IsSaidToBeThat(t *testing.T) {
	for text, want := range map[string]string{
		"apiVersion: ectl/v1\nusers:\n  b\xf6b: {}\n":                              "f:3:4: the file is not UTF-8; save it as UTF-8",
		"\ufeffapiVersion: ectl/v1\nroles: {\u00e9\xff: []}":                       "f:2:10: the file is not UTF-8; save it as UTF-8",
		"{\"apiVersion\": \"ectl/v1\", \"roles\": {\"\xff\": []}}":                 "f:1:38: the file is not UTF-8; save it as UTF-8",
		"\xff\xfea\x00p\x00i\x00":                                                  "f: the file is UTF-16; save it as UTF-8",
		"\xfe\xff\x00a\x00p\x00i":                                                  "f: the file is UTF-16; save it as UTF-8",
		"apiVersion: ectl/v1\nroles: {a: [{access: read, key: \"\xed\xa0\x80\"}]}": "f:2:34: the file is not UTF-8",
	} {
		t.Run(want, func(t *testing.T) {
			_, err := Parse(Document{"f", []byte(text)})
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q: %v, want %s", text, err, want)
			}
		})
	}
}

func FuzzParseNeverPanicsAndExportsReadBack(f *testing.F) {
	f.Add([]byte(example))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(Document{"f", text})
		if err != nil {
			return
		}
		s := p.State()
		for name, encode := range map[string]func(access.State) ([]byte, error){"YAML": YAML, "JSON": JSON} {
			text, err := encode(s)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			back, err := Parse(Document{"export", text})
			if err != nil {
				t.Fatalf("the export does not read back: %v\n%s", err, text)
			}
			sameState(t, s, back.State())
		}
	})
}

// sameState compares two states, but for the role root.
func sameState(t *testing.T, want, got access.State) {
	t.Helper()
	delete(want.Roles, access.RootRole)
	delete(got.Roles, access.RootRole)
	if fmt.Sprint(got.RoleNames()) != fmt.Sprint(want.RoleNames()) || fmt.Sprint(got.UserNames()) != fmt.Sprint(want.UserNames()) {
		t.Fatalf("roles %q and users %q, want %q and %q", got.RoleNames(), got.UserNames(), want.RoleNames(), want.UserNames())
	}
	for name, role := range want.Roles {
		if fmt.Sprintf("%q", got.Roles[name].Permissions) != fmt.Sprintf("%q", role.Permissions) {
			t.Fatalf("the role %q is %q, want %q", name, got.Roles[name].Permissions, role.Permissions)
		}
	}
	for name, user := range want.Users {
		if fmt.Sprint(got.Users[name].Roles) != fmt.Sprint(user.Roles) {
			t.Fatalf("the user %q has %q, want %q", name, got.Users[name].Roles, user.Roles)
		}
	}
}

func TestAnExportReadsBackTheSame(t *testing.T) {
	s := parse(t, example).State()
	s.Roles["odd"] = access.Role{Name: "odd", Permissions: []access.Permission{
		{Access: access.Read, Range: access.Range{Key: []byte("a"), End: []byte("\xff")}},
		{Access: access.Read, Range: access.Range{Key: []byte("\xff\xff"), End: []byte(access.OpenEnd)}},
		{Access: access.Read, Range: access.Range{Key: []byte("a b: #c\n'\"")}},
		{Access: access.Read, Range: access.Range{Key: []byte("true")}},
		{Access: access.Read, Range: access.Range{Key: []byte("~")}},
		{Access: access.Write, Range: access.Range{Key: []byte("\u0085\u2028\x00\x7f")}},
		{Access: access.Write, Range: access.Range{Key: []byte("\x00")}},
	}}
	for name, encode := range map[string]func(access.State) ([]byte, error){"YAML": YAML, "JSON": JSON} {
		t.Run(name, func(t *testing.T) {
			text, err := encode(s)
			if err != nil {
				t.Fatal(err)
			}
			back, err := Parse(Document{"export", text})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			sameState(t, s, back.State())
		})
	}
}

func TestAnExportLooksLikeAFileThatAPersonWrote(t *testing.T) {
	s := access.NewState()
	s.Roles["app"] = access.Role{Name: "app", Permissions: []access.Permission{
		{Access: access.Read, Range: access.Range{Key: []byte("/a"), End: []byte("/b")}},
		{Access: access.Read, Range: access.Range{Key: []byte("/a"), End: []byte("/c")}},
		{Access: access.Write, Range: access.Range{Key: []byte("/a"), End: []byte("/c")}},
		{Access: access.Write, Range: access.Range{Key: []byte("/z"), End: []byte(access.OpenEnd)}},
	}}
	s.Roles["empty"] = access.Role{Name: "empty"}
	s.Roles["root"] = access.Role{Name: "root"}
	s.Users["bob"] = access.User{Name: "bob", Roles: []string{"app", "empty"}}
	s.Users["eve"] = access.User{Name: "eve"}
	const want = `# yaml-language-server: $schema=` + SchemaURL + `
apiVersion: ectl/v1
roles:
  app:
  - {access: read, prefix: /a}
  - {access: readwrite, range: [/a, /c]}
  - {access: write, from: /z}
  empty: []
users:
  bob:
    roles: [app, empty]
  eve:
    roles: []
`
	if got, err := YAML(s); err != nil || string(got) != want {
		t.Errorf("the export is\n%s%v\nwant\n%s", got, err, want)
	}
	got, err := YAML(access.NewState())
	if err != nil || !strings.HasSuffix(string(got), "\nroles: {}\nusers: {}\n") {
		t.Errorf("the export of nothing is\n%s%v", got, err)
	}
}
