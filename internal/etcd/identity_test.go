package etcd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/prompt"
)

func TestWhoTheClientSaysItIs(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	password, token := file("password", "from file\nmore\n", 0o600), file("token", "a.b.c\n", 0o600)
	open, empty := file("open", "from file", 0o644), file("empty", "", 0o600)
	flag := func(name string) map[string]lost { return map[string]lost{name: {name: "--" + name}} }
	emptyVariable := func(name, variable string) map[string]lost {
		return map[string]lost{name: {name: variable, variable: true}}
	}
	variable := emptyVariable("password", "ETCDCTL_PASSWORD")
	as := func(name, password string) *clientv3.AuthConfig {
		return &clientv3.AuthConfig{Username: name, Password: password}
	}
	for _, test := range []struct {
		name    string
		options Options
		stdin   string
		want    *clientv3.AuthConfig
		code    exit.Code
		says    string
		asks    bool // for the password
		warns   bool
	}{
		{name: "nobody"},
		{name: "a password without a name is no user", options: Options{Password: "pw"}, warns: true},
		{name: "a password file without a name is no user", options: Options{PasswordFile: password}, warns: true},
		{name: "a user without value", options: Options{valueless: flag("user")}, warns: true},
		{name: "a user variable without value", options: Options{valueless: emptyVariable("user", "ETCDCTL_USER")}, warns: true},
		{name: "a user variable without value, and a token", options: Options{Token: "x.y.z", valueless: emptyVariable("user", "ETCDCTL_USER")}, want: &clientv3.AuthConfig{Token: "x.y.z"}, warns: true},
		{name: "a user without value beside a certificate", options: Options{valueless: flag("user"), Cert: "root.crt"}, warns: true},
		{name: "a token without value", options: Options{valueless: flag("auth-jwt-token")}, warns: true},
		{name: "a token without value beside a certificate", options: Options{valueless: flag("auth-jwt-token"), Cert: "root.crt"}, warns: true},
		{name: "a token without value beside a user", options: Options{valueless: flag("auth-jwt-token"), User: "root:pw"}, want: as("root", "pw"), warns: true},
		{name: "a certificate without value", options: Options{valueless: flag("cert")}, warns: true},
		{name: "name and password in one", options: Options{User: "root:pw"}, want: as("root", "pw")},
		{name: "split at the first colon", options: Options{User: "root:p:w"}, want: as("root", "p:w")},
		{name: "a password flag without value asks", options: Options{User: "root", valueless: flag("password")}, stdin: "pw\n", want: as("root", "pw"), asks: true},
		{name: "a password variable without value, and a file", options: Options{User: "root", PasswordFile: password, valueless: variable}, want: as("root", "from file")},
		{name: "a password variable without value, and another password", options: Options{User: "root:pw", valueless: variable}, want: as("root", "pw")},
		{name: "a password variable without value, and a token", options: Options{Token: "x.y.z", valueless: variable}, want: &clientv3.AuthConfig{Token: "x.y.z"}, warns: true},
		{name: "a password variable without value, and no user", options: Options{valueless: variable}, warns: true},
		{name: "a password without value, and no user", options: Options{valueless: flag("password")}, warns: true},
		{name: "a password file variable without value, and no user", options: Options{valueless: emptyVariable("password-file", "ECTL_PASSWORD_FILE")}, warns: true},
		{name: "a variable of authorities without value", options: Options{valueless: emptyVariable("cacert", "ETCDCTL_CACERT")}, warns: true},
		{name: "not split where the password is given", options: Options{User: "a:b", Password: "pw"}, want: as("a:b", "pw")},
		{name: "not split where the password is in a file", options: Options{User: "a:b", PasswordFile: password}, want: as("a:b", "from file")},
		{name: "a password file", options: Options{User: "root", PasswordFile: password}, want: as("root", "from file")},
		{name: "a password file that others can read", options: Options{User: "root", PasswordFile: open}, want: as("root", "from file"), warns: true},
		{name: "a password on standard input", options: Options{User: "root", PasswordFile: "-"}, stdin: "pw\nvalue", want: as("root", "pw")},
		{name: "asked for", options: Options{User: "root"}, stdin: "pw\nvalue", want: as("root", "pw"), asks: true},
		{name: "a token", options: Options{Token: "x.y.z"}, want: &clientv3.AuthConfig{Token: "x.y.z"}},
		{name: "a token goes before a user", options: Options{Token: "x.y.z", User: "root:pw"}, want: &clientv3.AuthConfig{Token: "x.y.z"}, warns: true},
		{name: "a token goes before a user without password", options: Options{Token: "x.y.z", User: "root:"}, want: &clientv3.AuthConfig{Token: "x.y.z"}, warns: true},
		{name: "a token file", options: Options{TokenFile: token, User: "root"}, want: &clientv3.AuthConfig{Token: "a.b.c"}, warns: true},
		{name: "a token on standard input", options: Options{TokenFile: "-"}, stdin: "a.b.c\n", want: &clientv3.AuthConfig{Token: "a.b.c"}},

		{name: "an empty password behind the colon", options: Options{User: "root:"}, code: exit.BadArgs, says: "the password of root is empty"},
		{name: "an empty password behind the colon, and an empty variable", options: Options{User: "root:", valueless: variable}, code: exit.BadArgs, says: "the password of root is empty"},
		{name: "no name before the colon", options: Options{User: ":pw"}, code: exit.BadArgs, says: "user name is empty"},
		{name: "nothing but the colon", options: Options{User: ":"}, code: exit.BadArgs, says: "user name is empty"},
		{name: "a user without value and a password", options: Options{Password: "pw", valueless: flag("user")}, code: exit.BadArgs, says: "user name is empty"},
		{name: "a user variable without value and a password", options: Options{Password: "pw", valueless: emptyVariable("user", "ETCDCTL_USER")}, code: exit.BadArgs, says: "user name is empty: ETCDCTL_USER has no value"},
		{name: "a user without value and a password file", options: Options{PasswordFile: password, valueless: flag("user")}, code: exit.BadArgs, says: "user name is empty"},
		{name: "a password variable without value", options: Options{User: "root", valueless: variable}, stdin: "pw\n", code: exit.BadArgs, says: "the password of root is empty: ETCDCTL_PASSWORD"},
		{name: "a password file variable without value", options: Options{User: "root", valueless: emptyVariable("password-file", "ECTL_PASSWORD_FILE")}, stdin: "pw\n", code: exit.BadArgs, says: "the password of root is empty: ECTL_PASSWORD_FILE"},
		{name: "asked for, an empty line", options: Options{User: "root"}, stdin: "\npw\n", asks: true, code: exit.BadArgs, says: "the password of root is empty"},
		{name: "asked for, nothing to read", options: Options{User: "root"}, asks: true, code: exit.BadArgs, says: "the password of root is empty"},
		{name: "the destination's, behind the colon", options: Options{User: "root:", prefix: destinationPrefix}, code: exit.BadArgs, says: "the password of root is empty: nothing follows the colon of --dest-user"},

		{name: "two passwords", options: Options{User: "root", Password: "pw", PasswordFile: password}, code: exit.BadArgs},
		{name: "two tokens", options: Options{Token: "x.y.z", TokenFile: token}, code: exit.BadArgs},
		{name: "no password file", options: Options{User: "root", PasswordFile: filepath.Join(dir, "none")}, code: exit.BadArgs},
		{name: "an empty password file", options: Options{User: "root", PasswordFile: empty}, code: exit.BadArgs},
		{name: "no token file", options: Options{TokenFile: filepath.Join(dir, "none")}, code: exit.BadArgs},
		{name: "an empty token file", options: Options{TokenFile: empty}, code: exit.BadArgs},
	} {
		var stderr bytes.Buffer
		var warnings []string
		p := prompt.New(&iostreams.Streams{In: strings.NewReader(test.stdin), Err: &stderr})
		got, err := test.options.identity(t.Context(), p, func(sentence string) { warnings = append(warnings, sentence) })
		if exit.CodeOf(err) != test.code {
			t.Errorf("%s: %v with status %d, want status %d", test.name, err, exit.CodeOf(err), test.code)
		}
		if err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: the error is %v, want %q", test.name, err, test.says)
		}
		if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
			t.Errorf("%s: the client is %+v, want %+v", test.name, got, test.want)
		}
		if asked := strings.HasPrefix(stderr.String(), "Password: "); asked != test.asks || test.options.asks() != test.asks {
			t.Errorf("%s: asks for a password: %t, says that it would: %t, want %t", test.name, asked, test.options.asks(), test.asks)
		}
		if (len(warnings) > 0) != test.warns {
			t.Errorf("%s: the warnings are %q, want some: %t", test.name, warnings, test.warns)
		}
		// A shell that completes a word has neither a person nor standard input.
		reads := test.options.PasswordFile == "-" || test.options.TokenFile == "-"
		if got := test.options.Unattended(); got == (test.asks || reads) {
			t.Errorf("%s: Unattended = %t", test.name, got)
		}
	}
}

func TestSecretFlagsAreKnown(t *testing.T) {
	for flag, want := range map[string]bool{"user": true, "password": true, "auth-jwt-token": true, "password-file": false, "endpoints": false, "cert": false} {
		if Secret(flag) != want {
			t.Errorf("Secret(%q) = %t, want %t", flag, !want, want)
		}
	}
}
