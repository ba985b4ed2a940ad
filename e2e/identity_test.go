package e2e

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// An identity that is given in part is refused: without a password the client
// library makes no login, and the command would run as the user of the client
// certificate. Nothing is sent.
func TestAnIdentityIsNeverDropped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	empty := writeSecret(t, dir, "empty", "")
	emptyLine := writeSecret(t, dir, "empty-line", "\nsecret\n")
	token := writeSecret(t, dir, "token", "a.b.c\n")
	const rootsPassword, userName = "the password of root is empty", "user name is empty"
	atPrompt := func(typed string) []harness.Answer { return []harness.Answer{{Prompt: "Password: ", Typed: typed}} }
	cases := []struct {
		name     string
		args     []string // "get k" without
		env      []string
		stdin    string
		terminal []harness.Answer
		says     string
	}{
		{name: "nothing after the colon", args: words("get k --user root:"), says: rootsPassword},
		{name: "nothing after the colon of the variable", env: []string{"ETCDCTL_USER=root:"}, says: rootsPassword},
		{name: "nothing after the colon, an empty flag", args: words("get k --user root:", "--password", ""), says: rootsPassword},
		{name: "nothing after the colon, an empty variable", args: words("get k --user root:"), env: []string{"ETCDCTL_PASSWORD="}, says: rootsPassword},
		{name: "an empty variable", args: words("get k --user root"), env: []string{"ETCDCTL_PASSWORD="}, says: rootsPassword},
		{name: "two empty variables", env: []string{"ETCDCTL_USER=root", "ETCDCTL_PASSWORD="}, says: rootsPassword},
		{name: "an empty variable, and a password on the pipe", args: words("get k --user root"), env: []string{"ETCDCTL_PASSWORD="}, stdin: "secret\n", says: rootsPassword},
		{name: "end of file", args: words("get k --user root"), says: rootsPassword},
		{name: "end of file after an empty flag", args: words("get k --user root", "--password", ""), says: rootsPassword},
		{name: "end of file, the user in the variable", env: []string{"ETCDCTL_USER=root"}, says: rootsPassword},
		{name: "end of file, our variable is empty", args: words("get k --user root"), env: []string{"ECTL_PASSWORD_FILE="}, says: rootsPassword},
		{name: "an empty line", args: words("get k --user root"), stdin: "\nsecret\n", says: rootsPassword},
		{name: "spaces", args: words("get k --user root"), stdin: " \t\nsecret\n", says: rootsPassword},
		{name: "Ctrl-D on a terminal", args: words("get k --user root"), terminal: atPrompt("\x04"), says: rootsPassword},
		{name: "Enter on a terminal", args: words("get k --user root"), terminal: atPrompt("\n"), says: rootsPassword},
		{name: "Enter on a terminal after an empty flag", args: words("get k --user root", "--password", ""), terminal: atPrompt("\n"), says: rootsPassword},
		{name: "no name before the colon", args: words("get k --user :secret"), says: userName},
		{name: "nothing but the colon", args: words("get k --user :"), says: userName},
		{name: "no name in the variable", env: []string{"ETCDCTL_USER=:secret"}, says: userName},
		{name: "an empty user with a password", args: words("get k --password secret", "--user", ""), says: userName},
		{name: "an empty user with a password in the variable", args: words("get k", "--user", ""), env: []string{"ETCDCTL_PASSWORD=secret"}, says: userName},
		{name: "an empty user variable with a password variable", env: []string{"ETCDCTL_USER=", "ETCDCTL_PASSWORD=secret"}, says: "user name is empty: ETCDCTL_USER has no value"},
		{name: "an empty user variable with a password", args: words("get k --password secret"), env: []string{"ETCDCTL_USER="}, says: userName},
		{name: "an empty user variable with a password file", args: words("get k --password-file " + token), env: []string{"ETCDCTL_USER="}, says: userName},
		{name: "an empty user variable with a password file variable", env: []string{"ETCDCTL_USER=", "ECTL_PASSWORD_FILE=" + token}, says: userName},
		{name: "an empty user with a password file", args: words("get k --password-file "+token, "--user", ""), says: userName},

		{name: "no password file", args: words("get k --user root", "--password-file", ""), says: "file name is empty"},
		{name: "no token file", args: words("get k", "--auth-jwt-token-file", ""), says: "file name is empty"},
		{name: "an empty password file", args: words("get k --user root --password-file " + empty), says: "is empty"},
		{name: "an empty line in the password file", args: words("get k --user root --password-file " + emptyLine), says: "is empty"},
		{name: "an empty password file in the variable", args: words("get k --user root"), env: []string{"ECTL_PASSWORD_FILE=" + empty}, says: "is empty"},
		{name: "an empty password file on a pipe", args: words("get k --user root --password-file -"), says: "is empty"},
		{name: "an empty token file", args: words("get k --auth-jwt-token-file " + empty), says: "is empty"},
		{name: "an empty token file on a pipe", args: words("get k --auth-jwt-token-file -"), says: "is empty"},
		{name: "an empty token file in the variable", env: []string{"ECTL_AUTH_JWT_TOKEN_FILE=" + empty}, says: "is empty"},
		{name: "an empty token file, and a user", args: words("get k --user root:secret --auth-jwt-token-file " + empty), says: "is empty"},
	}
	ways := len(cases)
	for _, line := range []string{
		"put k v", "del k", "txn", "ls", "du", "watch k", "lock l", "elect e p", "lease list", "compaction 1",
		"user list", "user add bob:pw", "user passwd bob --new-user-password-file " + token, "user get root", "role list", "role add r",
		"auth status", "auth enable", "auth enable --check", "auth disable", "auth bootstrap --new-user-password-file " + token,
		"rbac matrix", "rbac who-can read k", "rbac can-i read k", "rbac lint", "rbac export", "whoami",
		"member list", "endpoint health", "endpoint status --cluster", "endpoint hashkv", "move-leader 1", "defrag", "alarm list",
		"snapshot save s.db", "check perf", "check datascale", "downgrade validate 3.6",
	} {
		cases = append(cases, cases[0])
		c := &cases[len(cases)-1]
		c.name, c.args = line, words(line+" --user root:")
	}
	for _, certificate := range []bool{false, true} {
		name := map[bool]string{false: "nobody", true: "certificate"}[certificate]
		t.Run(name, func(t *testing.T) {
			for i, c := range cases {
				if i >= ways && !certificate {
					continue // every command with the more dangerous one
				}
				t.Run(c.name, func(t *testing.T) {
					server := harness.NewClosingEndpoint(t)
					env := append([]string{"ETCDCTL_ENDPOINTS=" + server.Address}, c.env...)
					if certificate {
						env = append(env, "ETCDCTL_CACERT="+f.CA.CertFile(),
							"ETCDCTL_CERT="+f.Clients["root"].CertFile, "ETCDCTL_KEY="+f.Clients["root"].KeyFile)
					}
					if c.args == nil {
						c.args = words("get k")
					}
					got := harness.Run(t, harness.Command{
						Program: harness.Ectl(), Args: c.args, Dir: dir, Env: harness.Env(dir, env...), Stdin: c.stdin, Terminal: c.terminal,
					})
					if got.Status != "128" || !strings.Contains(got.Stderr, c.says) || got.Stdout != "" {
						t.Errorf("status %s, want 128\nstdout: %q\nstderr: %q, want %q", got.Status, got.Stdout, got.Stderr, c.says)
					}
					server.WantNoConnection(t, "the server")
				})
			}
		})
	}
}

// The same for the two identities of a mirror: neither cluster is spoken to
// before it shows that one is no identity.
func TestNoIdentityOfAMirrorIsDropped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	empty := writeSecret(t, dir, "empty", "")
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{name: "nothing after the colon", args: words("--dest-user root:"), says: "the password of root is empty: nothing follows the colon of --dest-user"},
		{name: "an empty flag, end of file", args: words("--dest-user root", "--dest-password", ""), says: "the password of root is empty"},
		{name: "end of file", args: words("--dest-user root"), says: "the password of root is empty"},
		{name: "no name", args: words("--dest-user :secret"), says: "user name is empty"},
		{name: "an empty name with a password", args: words("--dest-password secret", "--dest-user", ""), says: "user name is empty"},
		{name: "no password file", args: words("--dest-user root", "--dest-password-file", ""), says: "file name is empty"},
		{name: "an empty password file", args: words("--dest-user root --dest-password-file " + empty), says: "is empty"},
		{name: "the source's, nothing after the colon", args: words("--dest-user root:pw --user root:"), says: "the password of root is empty: nothing follows the colon of --user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			source, destination := harness.NewClosingEndpoint(t), harness.NewClosingEndpoint(t)
			got := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Dir: dir,
				Args: append(words("make-mirror "+destination.Address+" --dest-cacert "+f.CA.CertFile()+
					" --dest-cert "+f.Clients["root"].CertFile+" --dest-key "+f.Clients["root"].KeyFile), test.args...),
				Env: harness.Env(dir, "ETCDCTL_ENDPOINTS="+source.Address),
			})
			if got.Status != "128" || !strings.Contains(got.Stderr, test.says) || got.Stdout != "" {
				t.Errorf("status %s, want 128\nstdout: %q\nstderr: %q, want %q", got.Status, got.Stdout, got.Stderr, test.says)
			}
			source.WantNoConnection(t, "the source")
			destination.WantNoConnection(t, "the destination")
		})
	}
}

// What etcdctl ignores of an identity, and a command line may rely on, is still
// ignored, and named.
func TestWhatIsIgnoredOfAnIdentityIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), TLS: f.CA, ClientCertAuth: true, Tokens: f.Tokens, RootPassword: harness.RootPassword})
	revision, err := server.AuthRevision(t.Context(), "root", harness.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	token, err := f.Tokens.Sign("root", revision, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	tokenFile := writeSecret(t, dir, "token", token+"\n")
	for _, test := range []struct {
		name string
		args []string
		env  []string
		says string // empty: nothing
	}{
		{name: "a certificate"},
		{name: "an empty password variable", env: []string{"ETCDCTL_PASSWORD="}, says: "ETCDCTL_PASSWORD has no value: the client certificate identifies you"},
		{name: "an empty password file variable", env: []string{"ECTL_PASSWORD_FILE="}, says: "ECTL_PASSWORD_FILE has no value: the client certificate identifies you"},
		{name: "an empty user variable", env: []string{"ETCDCTL_USER="}, says: "ETCDCTL_USER has no value: the client certificate identifies you"},
		{name: "an empty token variable", env: []string{"ETCDCTL_AUTH_JWT_TOKEN="}, says: "ETCDCTL_AUTH_JWT_TOKEN has no value: the client certificate identifies you"},
		{name: "an empty token file variable", env: []string{"ECTL_AUTH_JWT_TOKEN_FILE="}, says: "ECTL_AUTH_JWT_TOKEN_FILE has no value: the client certificate identifies you"},
		{name: "an empty user variable beside a token", args: words("--auth-jwt-token " + token), env: []string{"ETCDCTL_USER="}, says: "ETCDCTL_USER has no value: the token identifies you"},
		{name: "an empty user", args: words("", "--user", ""), says: "--user has no value: the client certificate identifies you"},
		{name: "an empty token", args: words("", "--auth-jwt-token", ""), says: "--auth-jwt-token has no value: the client certificate identifies you"},
		{name: "an empty token beside a user", args: words("--user root:"+harness.RootPassword, "--auth-jwt-token", ""), says: "--auth-jwt-token has no value: --user identifies you"},
		{name: "a password without a user", args: words("--password secret"), says: "the password is ignored: give its user with --user"},
		{name: "a password variable without a user", env: []string{"ETCDCTL_PASSWORD=secret"}, says: "the password is ignored"},
		{name: "a password file without a user", args: words("--password-file /nonexistent"), says: "the password is ignored"},
		{name: "a token and a user", args: words("--user alice: --auth-jwt-token " + token), says: "--user is ignored: the token identifies you"},
		{name: "a token file and a user", args: words("--user alice --auth-jwt-token-file " + tokenFile), says: "--user is ignored: the token identifies you"},
		{name: "a token variable and a user", args: words("--user alice:pw"), env: []string{"ETCDCTL_AUTH_JWT_TOKEN=" + token}, says: "--user is ignored: the token identifies you"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Dir: dir, Args: append(words("user list"), test.args...),
				Env: harness.Env(dir, append([]string{
					"ETCDCTL_ENDPOINTS=" + server.Endpoint(), "ETCDCTL_CACERT=" + f.CA.CertFile(),
					"ETCDCTL_CERT=" + f.Clients["root"].CertFile, "ETCDCTL_KEY=" + f.Clients["root"].KeyFile,
				}, test.env...)...),
			})
			want := "Warning: " + test.says
			if test.says == "" {
				want = ""
			}
			if got.Status != "0" || got.Stdout != "root\n" || !strings.HasPrefix(got.Stderr, want) || want == "" && got.Stderr != "" {
				t.Errorf("status %s, stdout %q, stderr %q; want 0, root and %q", got.Status, got.Stdout, got.Stderr, want)
			}
		})
	}
}

// Without a certificate there is no login at all: what had no value is named, and
// the command runs as etcdctl's does.
func TestAnEmptyIdentityIsNamedWithoutACertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	second := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	mirror := "make-mirror " + second.Endpoint() + " --once"
	for _, test := range []struct {
		name string
		args []string
		env  []string
		says string
	}{
		{name: "user", args: words("user list", "--user", ""), says: "--user has no value: there is no login"},
		{name: "token", args: words("user list", "--auth-jwt-token", ""), says: "--auth-jwt-token has no value: there is no login"},
		{name: "user variable", args: words("user list"), env: []string{"ETCDCTL_USER="}, says: "ETCDCTL_USER has no value: there is no login"},
		{name: "token variable", args: words("user list"), env: []string{"ETCDCTL_AUTH_JWT_TOKEN="}, says: "ETCDCTL_AUTH_JWT_TOKEN has no value: there is no login"},
		{name: "certificate variable", args: words("user list"), env: []string{"ETCDCTL_CERT="}, says: "ETCDCTL_CERT has no value, and is ignored"},
		{name: "password variable", args: words("user list"), env: []string{"ETCDCTL_PASSWORD="}, says: "ETCDCTL_PASSWORD has no value: there is no login"},
		{name: "password file variable", args: words("user list"), env: []string{"ECTL_PASSWORD_FILE="}, says: "ECTL_PASSWORD_FILE has no value: there is no login"},
		{name: "variable of authorities", args: words("user list"), env: []string{"ETCDCTL_CACERT="}, says: "ETCDCTL_CACERT has no value, and is ignored"},
		{name: "key variable", args: words("user list"), env: []string{"ETCDCTL_KEY="}, says: "ETCDCTL_KEY has no value, and is ignored"},
		{name: "user of a destination", args: words(mirror, "--dest-user", ""), says: "--dest-user has no value: there is no login"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Dir: dir, Args: test.args, Env: harness.Env(dir, append([]string{"ETCDCTL_ENDPOINTS=" + server.Endpoint()}, test.env...)...),
			})
			if got.Status != "0" || strings.Count(got.Stderr, "Warning: "+test.says+"\n") != 1 {
				t.Errorf("status %s, stderr %q; want 0 and once %q", got.Status, got.Stderr, test.says)
			}
		})
	}
}
