package role

import (
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/authpb"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestPermissionsTakeAKeyAndPerhapsAnEnd(t *testing.T) {
	const none = ""
	for _, test := range []struct {
		args     []string // behind the role and the kind
		key, end string
		warns    bool
	}{
		{args: []string{"/a"}, key: "/a", end: none},
		{args: []string{"/a", "/b"}, key: "/a", end: "/b"},
		{args: []string{"/b", "/a"}, key: "/b", end: "/a"}, // the server judges
		{args: []string{"/a", ""}, key: "/a", end: none},
		{args: []string{"/a/", "--prefix"}, key: "/a/", end: "/a0"},
		{args: []string{"--prefix=true", "/a/"}, key: "/a/", end: "/a0"},
		{args: []string{"a\xff", "--prefix"}, key: "a\xff", end: "b"},
		{args: []string{"\xff\xff", "--prefix"}, key: "\xff\xff", end: "\x00"},
		{args: []string{"/a", "--from-key"}, key: "/a", end: "\x00"},
		{args: []string{"", "--prefix"}, key: "\x00", end: "\x00"},
		{args: []string{"", "--from-key"}, key: "\x00", end: "\x00"},
		{args: []string{""}, key: "\x00", end: none},
		{args: []string{"", "/b"}, key: "\x00", end: none, warns: true},
		{args: []string{"", "/b", "--prefix"}, key: "\x00", end: "\x00", warns: true},
		{args: []string{"--", "--prefix"}, key: "--prefix", end: none},
		{args: []string{"--prefix", "--", "-"}, key: "-", end: "."},
		{args: []string{"/a", "/b", "more", "is ignored"}, key: "/a", end: "/b"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			run := clitest.New("")
			var grant grantPermissionOptions
			cmd := newGrantPermissionCmd(clitest.Completed(run, &grant))
			if err := run.Execute(t.Context(), cmd, append([]string{"app", "write"}, test.args...)...); err != nil {
				t.Errorf("grant-permission app write %q: %v", test.args, err)
			}
			if grant.Role != "app" || grant.Access != access.Write || grant.Range.Key != test.key || grant.Range.End != test.end {
				t.Errorf("grant-permission app write %q is asked to grant %v on %q to %q, want write on %q to %q",
					test.args, grant.Access, grant.Range.Key, grant.Range.End, test.key, test.end)
			}
			if warned := run.Err.Len() > 0; warned != test.warns {
				t.Errorf("grant-permission app write %q warns: %q, want a warning: %t", test.args, &run.Err, test.warns)
			}

			run = clitest.New("")
			var revoke revokePermissionOptions
			cmd = newRevokePermissionCmd(clitest.Completed(run, &revoke))
			if err := run.Execute(t.Context(), cmd, append([]string{"--if-exists", "app"}, test.args...)...); err != nil {
				t.Errorf("revoke-permission app %q: %v", test.args, err)
			}
			if revoke.Role != "app" || !revoke.IfExists || revoke.Range.Key != test.key || revoke.Range.End != test.end {
				t.Errorf("revoke-permission app %q is asked to revoke %q to %q, want %q to %q", test.args, revoke.Range.Key, revoke.Range.End, test.key, test.end)
			}
		})
	}
}

func TestKindsOfPermissionsAreInAnyCase(t *testing.T) {
	for word, want := range map[string]access.Access{
		"read": access.Read, "WRITE": access.Write, "ReadWrite": access.ReadWrite,
	} {
		t.Run(word, func(t *testing.T) {
			run := clitest.New("")
			var got grantPermissionOptions
			cmd := newGrantPermissionCmd(clitest.Completed(run, &got))
			if err := run.Execute(t.Context(), cmd, "app", word, "/a"); err != nil || got.Access != want {
				t.Errorf("grant-permission app %s /a grants %v, %v; want %v", word, got.Access, err, want)
			}
		})
	}
}

// permissionsText are permissions as a line: "read key /a, write [/b, /c)".
func permissionsText(permissions []*authpb.Permission) string {
	var parts []string
	for _, p := range permissions {
		parts = append(parts, kind(p)+" "+keysOf(p).String())
	}
	return strings.Join(parts, ", ")
}

func TestWhatIsAllowedStandsBesideTheKeysThatItIsFor(t *testing.T) {
	for line, want := range map[string]string{
		"":                             "",
		"--key-prefix /a/ --read":      "read prefix /a/",
		"--key-prefix /a/ --write":     "write prefix /a/",
		"--key /a --read --write":      "readwrite key /a",
		"--read --write --key /a":      "readwrite key /a",
		"--read --key /a --write":      "readwrite key /a",
		"--from-key /z --write --read": "readwrite keys from /z",
		"--key /a --range-end /c --write --read=true":             "readwrite [/a, /c)",
		"--key /a --read --key /b --write":                        "read key /a, write key /b",
		"--read --key /a --write --key /b":                        "read key /a, write key /b",
		"--key /a --key-prefix /b --read --key /c --read --write": "read key /a, read prefix /b, readwrite key /c",
		"--read --key /a --key-prefix /b --write --read --key /c": "read key /a, read prefix /b, readwrite key /c",
		"--key /a --read --key /a --write":                        "readwrite key /a",
		"--key /a --range-end /c --read --key /a --write":         "read [/a, /c), write key /a",
		"--key-prefix /a --read --key /a --range-end /b --write":  "readwrite prefix /a",
		"--key /a --read --key /b --read --write=false":           "read key /a, read key /b",
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			var got addOptions
			cmd := newAddCmd(clitest.Completed(run, &got))
			if err := run.Execute(t.Context(), cmd, append([]string{"app"}, strings.Fields(line)...)...); err != nil || permissionsText(got.Permissions) != want {
				t.Errorf("role add app %s grants %q, %v; want %q", line, permissionsText(got.Permissions), err, want)
			}
		})
	}
}

// The option for a certificate's key has the name of the one for a key of etcd.
func TestTheKeyOfACertificateIsNoPermission(t *testing.T) {
	for line, want := range map[string]struct{ key, permissions string }{
		"--key k":                                      {"k", ""},
		"--key k --key-prefix /a/ --read":              {"k", "read prefix /a/"},
		"--key k --key /a --read":                      {"k", "read key /a"},
		"--key k --key /a --range-end /c --read":       {"k", "read [/a, /c)"},
		"--key-prefix /a/ --read --write --key k":      {"k", "readwrite prefix /a/"},
		"--read --key k --key /a --write":              {"k", "readwrite key /a"},
		"--if-not-exists --key k --from-key /a --read": {"k", "read keys from /a"},
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("", "ETCDCTL_CERT=certificate")
			var got addOptions
			cmd := newAddCmd(clitest.Completed(run, &got))
			err := run.Execute(t.Context(), cmd, append([]string{"app"}, strings.Fields(line)...)...)
			if key := run.Connection.Key; err != nil || key != want.key || permissionsText(got.Permissions) != want.permissions {
				t.Errorf("role add app %s, with a certificate: its key is %q and the role is granted %q, %v; want %q and %q", line, key, permissionsText(got.Permissions), err, want.key, want.permissions)
			}
		})
	}
	run := clitest.New("", "ETCDCTL_CERT=certificate", "ETCDCTL_KEY=its-key")
	var got addOptions
	cmd := newAddCmd(clitest.Completed(run, &got))
	if err := run.Execute(t.Context(), cmd, "app", "--key", "/a", "--read"); err != nil || permissionsText(got.Permissions) != "read key /a" {
		t.Errorf("a certificate that has its key takes one from the permissions: %q, %v", permissionsText(got.Permissions), err)
	}
}

func TestARoleIsGrantedWhatItLacks(t *testing.T) {
	permission := func(kind authpb.Permission_Type, key, end string) *authpb.Permission {
		return &authpb.Permission{PermType: kind, Key: []byte(key), RangeEnd: []byte(end)}
	}
	had := []*authpb.Permission{permission(authpb.READ, "/a", ""), permission(authpb.READWRITE, "/b/", "/b0"), permission(authpb.WRITE, "/c", "")}
	for _, test := range []struct {
		want []*authpb.Permission
		text string
	}{
		{[]*authpb.Permission{permission(authpb.READ, "/a", "")}, ""},
		{[]*authpb.Permission{permission(authpb.WRITE, "/b/", "/b0")}, ""},
		{[]*authpb.Permission{permission(authpb.WRITE, "/a", "")}, "readwrite key /a"},
		{[]*authpb.Permission{permission(authpb.READ, "/c", "")}, "readwrite key /c"},
		{[]*authpb.Permission{permission(authpb.READWRITE, "/c", "")}, "readwrite key /c"},
		{[]*authpb.Permission{permission(authpb.READ, "/c", "/e")}, "read [/c, /e)"},
	} {
		if got := permissionsText(missing(test.want, had)); got != test.text {
			t.Errorf("of %s the role lacks %q, want %q", permissionsText(test.want), got, test.text)
		}
	}
}

func TestNamesOfRoles(t *testing.T) {
	run := clitest.New("")
	var add addOptions
	cmd := newAddCmd(clitest.Completed(run, &add))
	if err := run.Execute(t.Context(), cmd, "a:b", "--if-not-exists"); err != nil || add.Name != "a:b" || !add.IfNotExists || add.Permissions != nil {
		t.Errorf("role add is asked to do %+v, %v", add, err)
	}
	for _, name := range []string{"delete", "remove"} {
		t.Run(name, func(t *testing.T) {
			run = clitest.New("")
			var del deleteOptions
			cmd = newDeleteCmd(clitest.Completed(run, &del))
			parent := NewCmd(run.Factory)
			parent.ResetCommands()
			parent.AddCommand(cmd)
			if err := run.Execute(t.Context(), parent, name, "app", "--if-exists"); err != nil || del != (deleteOptions{"app", true}) {
				t.Errorf("role %s is asked to do %+v, %v", name, del, err)
			}
		})
	}
}

func TestWrongCommandLinesAreRefusedBeforeAnythingElse(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		says string
	}{
		"add":                          {exit.BadArgs, "a role name"},
		"add a b":                      {exit.BadArgs, "a role name"},
		"add a -w nothing":             {exit.BadFeature, "nothing"},
		"add a --key":                  {exit.Error, "--key"},
		"add a --key= --read":          {exit.BadArgs, "is empty"},
		"add a --key-prefix= --read":   {exit.BadArgs, "is empty"},
		"add a --from-key= --read":     {exit.BadArgs, "is empty"},
		"add a --read":                 {exit.BadArgs, "--read without keys"},
		"add a --key k":                {exit.BadArgs, "no access given for key k"},
		"add a --key k --read=false":   {exit.BadArgs, "no access given for key k"},
		"add a --key k --read=no":      {exit.BadArgs, "want no value"},
		"add a --key k --read --key l": {exit.BadArgs, "no access given for key l"},
		"add a --read --key k --write --key l --read":       {exit.BadArgs, "are ambiguous"},
		"add a --range-end k --read":                        {exit.BadArgs, "--key at the start of the range"},
		"add a --key-prefix k --range-end l --read":         {exit.BadArgs, "--key at the start of the range"},
		"add a --key k --range-end l --range-end m":         {exit.BadArgs, "--key at the start of the range"},
		"add a --key l --range-end k --read":                {exit.BadArgs, "the range is empty"},
		"add a --key l --range-end l --read":                {exit.BadArgs, "the range is empty"},
		"delete":                                            {exit.BadArgs, "a role name"},
		"delete a --if-not-exists":                          {exit.Error, "if-not-exists"},
		"get":                                               {exit.BadArgs, "a role name"},
		"get a b":                                           {exit.BadArgs, "a role name"},
		"list a":                                            {exit.BadArgs, "no arguments"},
		"grant-permission a read":                           {exit.BadArgs, "a key"},
		"grant-permission a execute /a":                     {exit.BadArgs, "read, write or readwrite"},
		"grant-permission a read /a /b --prefix":            {exit.BadArgs, "--prefix"},
		"grant-permission a read /a /b --from-key":          {exit.BadArgs, "--from-key"},
		"grant-permission a read /a --prefix --from-key":    {exit.BadArgs, "exclude each other"},
		"grant-permission a read /a /b --prefix --from-key": {exit.BadArgs, "--prefix"},
		"revoke-permission a":                               {exit.BadArgs, "a key"},
		"revoke-permission a /a --prefix --from-key":        {exit.BadArgs, "exclude each other"},
		"revoke-permission a /a /b --prefix":                {exit.BadArgs, "--prefix"},
	} {
		t.Run(line, func(t *testing.T) {
			// Nothing listens at port 1: what is refused only later ends otherwise.
			run := clitest.New("", "ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_COMMAND_TIMEOUT=1ms")
			err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...)
			if exit.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.says) {
				t.Errorf("role %s: error %v with status %d, want status %d and the text %q", line, err, exit.CodeOf(err), want.code, want.says)
			}
			if run.Out.Len() > 0 {
				t.Errorf("role %s was refused and printed %q", line, &run.Out)
			}
		})
	}
}
