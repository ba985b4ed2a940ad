package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// canary is the secret that must never be seen again once it was told.
const canary = "C4n4ry-s3cr3t"

// TestSecretsAreNeverShown tells the program a secret in every way there is,
// lets the command succeed and fail in different places, with and without
// --debug, and searches everything that comes out.
func TestSecretsAreNeverShown(t *testing.T) {
	f := harness.NewCertificates(t, t.TempDir())
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: canary})
	jwtServer := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: canary, Tokens: f.Tokens})
	revision, err := jwtServer.AuthRevision(t.Context(), "root", canary)
	if err != nil {
		t.Fatal(err)
	}
	token, err := f.Tokens.Sign("root", revision, 1<<40)
	if err != nil {
		t.Fatal(err)
	}

	home := t.TempDir()
	secretFile := writeSecret(t, home, "secret", canary+"\n")
	tokenFile := writeSecret(t, home, "token", token+"\n")
	policyFile := writeSecret(t, home, "policy.yaml", "apiVersion: ectl/v1\nusers:\n"+
		"  by-env: {password: {env: POLICY_PASSWORD}}\n  by-file: {password: {file: secret}}\n  by-command: {password: {command: cat secret}}\n")
	literal := writeSecret(t, home, "literal.yaml", "apiVersion: ectl/v1\nusers:\n  bob: {password: "+canary+"}\n  eve: {password: ["+canary+"]}\n")
	failing := writeSecret(t, home, "failing.yaml", "apiVersion: ectl/v1\nusers:\n  zoe: {password: {command: 'cat secret; exit 1'}}\n  yan: {password: {command: 'echo; cat secret'}}\n")
	caKey := strings.Split(harness.MustRead(t, f.CA.KeyFile()), "\n")[1] // the first line of what is encoded
	dead := harness.RefusingEndpoint(t)
	quick := []string{"--command-timeout", "300ms", "--dial-timeout", "300ms"}
	root := []string{"--user", "root:" + canary}

	cases := []struct {
		name     string
		args     []string
		env      []string
		stdin    string
		terminal []harness.Answer
		endpoint string // empty means server's
		secret   string // empty means canary
		status   string // empty means any but a kill
	}{
		{name: "user:password", args: words("get k", root...), status: "0"},
		{name: "user:password, wrong", args: words("get k --user", "nobody:"+canary), status: "2"},
		{name: "user:password, put", args: words("put k v", root...), status: "0"},
		{name: "user:password, unreachable", args: append(words("get k", root...), quick...), endpoint: dead, status: "2"},
		{name: "user:password, bad endpoint", args: append(words("get k", root...), quick...), endpoint: "http://bad url", status: ""},
		{name: "user:password, bad certificate", args: words("get k --cacert /nonexistent", root...), status: ""},
		{name: "user:password, usage error", args: words("get", root...), status: "128"},
		{name: "user:password, unknown flag", args: words("get k --nonsense", root...), status: "1"},
		{name: "user:password, unknown command", args: words("nonsense", root...), status: "1"},
		{name: "user:password, unknown format", args: words("get k -w nonsense", root...), status: "4"},
		{name: "user:password, help", args: words("get --help", root...), status: "0"},
		{name: "user:password, options", args: words("options", root...), status: "0"},
		{name: "user:password, version", args: words("version", root...), status: "0"},
		{name: "user:password, completion", args: words("__complete user get", append(root, "")...), status: "0"},
		{name: "user:password, completion of flags", args: words("__complete get", append(root, "--")...), status: "0"},
		{name: "user:password, password too", args: words("get k --password", append([]string{canary}, root...)...)},
		{name: "--password", args: words("get k --user root --password", canary), status: "0"},
		{name: "--password=", args: words("get k --user root", "--password="+canary), status: "0"},
		{name: "--password without user", args: words("get k --password", canary)},
		{name: "--password, wrong", args: words("get k --user nobody --password", canary), status: "2"},
		{name: "--password and --password-file", args: words("get k --user root --password-file "+secretFile+" --password", canary)},
		{name: "--password-file", args: words("get k --user root --password-file " + secretFile), status: "0"},
		{name: "--password-file, wrong", args: words("get k --user nobody --password-file " + secretFile), status: "2"},
		{name: "--password-file -", args: words("get k --user root --password-file -"), stdin: canary + "\n", status: "0"},
		{name: "--password-file named by the secret", args: words("get k --user root:" + canary + " --password-file /nonexistent")},
		{name: "ETCDCTL_USER", args: words("get k"), env: []string{"ETCDCTL_USER=root:" + canary}, status: "0"},
		{name: "ETCDCTL_USER, wrong", args: words("get k"), env: []string{"ETCDCTL_USER=nobody:" + canary}, status: "2"},
		{name: "ETCDCTL_USER, conflict", args: words("get k", root...), env: []string{"ETCDCTL_USER=root:" + canary}, status: "1"},
		{name: "ETCDCTL_PASSWORD", args: words("get k --user root"), env: []string{"ETCDCTL_PASSWORD=" + canary}, status: "0"},
		{name: "ETCDCTL_PASSWORD, conflict", args: words("get k --user root --password", canary), env: []string{"ETCDCTL_PASSWORD=" + canary}, status: "1"},
		{name: "misspelt variable", args: words("get k", root...), env: []string{"ETCDCTL_PASWORD=" + canary}, status: "0"},
		{name: "misspelt variable, ours", args: words("get k", root...), env: []string{"ECTL_PASWORD=" + canary}, status: "0"},
		{name: "ECTL_PASSWORD", args: words("get k --user root"), env: []string{"ECTL_PASSWORD=" + canary}, status: "0"},
		{name: "two variables, conflict", args: words("get k --user root"), env: []string{"ECTL_PASSWORD=" + canary, "ETCDCTL_PASSWORD=other"}, status: "1"},
		{name: "wrong variable", args: words("get k"), env: []string{"ETCDCTL_HEX=" + canary}},
		{name: "prompt on a pipe", args: words("get k --user root"), stdin: canary + "\n", status: "0"},
		{name: "prompt on a terminal", args: words("get k --user root"), terminal: []harness.Answer{{Prompt: "Password: ", Typed: canary + "\n"}}, status: "0"},
		{name: "prompt on a terminal, wrong", args: words("get k --user nobody"), terminal: []harness.Answer{{Prompt: "Password: ", Typed: canary + "\n"}}, status: "2"},

		{name: "user add name:password", args: words("user add alice:"+canary, root...), status: "0"},
		{name: "user add name:password again", args: words("user add alice:"+canary, root...), status: "1"},
		{name: "user add name:password, two arguments", args: words("user add alice:"+canary+" x", root...), status: "128"},
		{name: "user add name:password, json", args: words("user add a1:"+canary+" -w json", root...), status: "0"},
		{name: "user add name:password, yaml", args: words("user add a2:"+canary+" -w yaml", root...), status: "0"},
		{name: "user add name:password, unauthenticated", args: words("user add a3:" + canary), status: "1"},
		{name: "user add :password", args: words("user add :"+canary, root...), status: "128"},
		{name: "user add misspelt", args: words("user adx alice:"+canary, root...), status: "0"},
		{name: "user add name:password unreachable", args: append(words("user add a4:"+canary), quick...), endpoint: dead, status: "1"},
		{name: "--new-user-password", args: words("user add bob --new-user-password "+canary, root...), status: "0"},
		{name: "--new-user-password again", args: words("user add bob --new-user-password "+canary, root...), status: "1"},
		{name: "--new-user-password-file", args: words("user add carol --new-user-password-file "+secretFile, root...), status: "0"},
		{name: "--new-user-password-file, passwd", args: words("user passwd carol --new-user-password-file "+secretFile, root...), status: "0"},
		{name: "two sources", args: words("user add dora --generate-password --new-user-password "+canary, root...), status: "128"},
		{name: "new password on a pipe", args: words("user add dave", root...), stdin: canary + "\n" + canary + "\n", status: "0"},
		{name: "new password on a pipe, different", args: words("user add erin", root...), stdin: canary + "\nother\n", status: "128"},
		{name: "new password, not interactive", args: words("user add frank --interactive=false", root...), stdin: canary + "\n", status: "0"},
		{name: "new password on a terminal", args: words("user add grace", root...), status: "0", terminal: []harness.Answer{
			{Prompt: "Password of grace: ", Typed: canary + "\n"}, {Prompt: "again for confirmation: ", Typed: canary + "\n"},
		}},
		{name: "new password on a terminal, different", args: words("user passwd grace", root...), status: "128", terminal: []harness.Answer{
			{Prompt: "Password of grace: ", Typed: canary + "\n"}, {Prompt: "again for confirmation: ", Typed: "other\n"},
		}},
		{name: "both passwords on a terminal", args: words("user passwd grace --user root"), status: "0", terminal: []harness.Answer{
			{Prompt: "Password: ", Typed: canary + "\n"}, {Prompt: "Password of grace: ", Typed: canary + "\n"}, {Prompt: "again for confirmation: ", Typed: canary + "\n"},
		}},

		{name: "rbac plan", args: words("rbac plan --try-passwords -f "+policyFile+" -w json", root...), env: []string{"POLICY_PASSWORD=" + canary}, status: "0"},
		{name: "rbac apply", args: words("rbac apply --yes -f "+policyFile, root...), env: []string{"POLICY_PASSWORD=" + canary}, status: "0"},
		{name: "rbac apply, again", args: words("rbac apply --yes -w yaml -f "+policyFile, root...), env: []string{"POLICY_PASSWORD=" + canary + "2"}, status: "0"},
		{name: "rbac apply, a password in the policy", args: words("rbac apply --yes -f "+literal, root...), status: "3"},
		{name: "rbac apply, commands that fail", args: words("rbac apply --yes -f "+failing, root...), status: "1"},
		{name: "user add with roles", args: words("user add heidi --roles root --new-user-password-file "+secretFile, root...), status: "0"},
		{name: "user add with roles that are not there", args: words("user add ivan --roles "+"none --new-user-password-file "+secretFile, root...), status: "1"},
		{name: "check-password from a file", args: words("user check-password root --user-password-file " + secretFile), status: "0"},
		{name: "check-password, wrong", args: words("user check-password nobody --user-password-file " + secretFile), status: "1"},
		{name: "check-password, not interactive", args: words("user check-password root --interactive=false"), stdin: canary + "\n", status: "0"},
		{name: "check-password on a terminal", args: words("user check-password root"), terminal: []harness.Answer{{Prompt: "Password of root: ", Typed: canary + "\n"}}, status: "0"},
		{name: "check-password unreachable", args: append(words("user check-password root --user-password-file "+secretFile), quick...), endpoint: dead, status: "1"},
		{name: "bootstrap from a file", args: words("auth bootstrap --new-user-password-file " + secretFile), status: "0"},
		{name: "bootstrap of --user", args: words("auth bootstrap", root...), status: "0"},
		{name: "bootstrap unreachable", args: append(words("auth bootstrap --new-user-password-file "+secretFile), quick...), endpoint: dead, status: "1"},
		{name: "enable --check", args: words("auth enable --check", root...), status: "0"},
		{name: "--ca-key that is none", args: words("user get-cert root --out-file a.crt --out-key-file a.key --ca-cert "+f.CA.CertFile()+" --ca-key "+secretFile, root...), status: "128"},
		{name: "--ca-key of another", args: words("user get-cert root --out-file a.crt --out-key-file a.key --ca-cert "+f.Other.CertFile()+" --ca-key "+f.CA.KeyFile(), root...), secret: caKey, status: "128"},
		{name: "--ca-key", args: words("user get-cert root --force --out-file a.crt --out-key-file a.key --ca-cert "+f.CA.CertFile()+" --ca-key "+f.CA.KeyFile(), root...), secret: caKey, status: "0"},

		{name: "--auth-jwt-token", args: words("get k --auth-jwt-token", token), endpoint: jwtServer.Endpoint(), secret: token, status: "0"},
		{name: "--auth-jwt-token, wrong server", args: words("get k --auth-jwt-token", token), secret: token, status: "1"},
		{name: "--auth-jwt-token, nonsense", args: words("get k --auth-jwt-token", canary), endpoint: jwtServer.Endpoint(), status: "1"},
		{name: "--auth-jwt-token unreachable", args: append(words("get k --auth-jwt-token", token), quick...), endpoint: dead, secret: token, status: "1"},
		{name: "--auth-jwt-token-file", args: words("get k --auth-jwt-token-file " + tokenFile), endpoint: jwtServer.Endpoint(), secret: token, status: "0"},
		{name: "ETCDCTL_AUTH_JWT_TOKEN", args: words("get k"), env: []string{"ETCDCTL_AUTH_JWT_TOKEN=" + token}, endpoint: jwtServer.Endpoint(), secret: token, status: "0"},
		{name: "ETCDCTL_AUTH_JWT_TOKEN, conflict", args: words("get k --auth-jwt-token", token), env: []string{"ETCDCTL_AUTH_JWT_TOKEN=" + token}, secret: token, status: "1"},
		{name: "login on a JWT server", args: words("get k", root...), endpoint: jwtServer.Endpoint(), status: "0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, debug := range []string{"", "--debug"} {
				if debug != "" && c.status == "0" && c.args[0] == "user" && c.args[1] == "add" {
					continue // the user exists now; the cases that fail cover it
				}
				in := harness.Command{
					Program: harness.Ectl(), Args: c.args, Dir: home,
					Stdin: c.stdin, Terminal: c.terminal,
				}
				if debug != "" && c.args[0] != "__complete" {
					in.Args = append([]string{debug}, c.args...)
				}
				endpoint := c.endpoint
				if endpoint == "" {
					endpoint = server.Endpoint()
				}
				in.Env = harness.Env(home, append([]string{"ETCDCTL_ENDPOINTS=" + endpoint}, c.env...)...)
				in.AtPrompt = func(pid int) {
					for _, child := range children(pid) {
						if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child)); err == nil {
							searchFor(t, canary, "the command line of a child", string(line))
						}
					}
				}
				got := harness.Run(t, in)
				if strings.HasPrefix(got.Status, "killed") || c.status != "" && got.Status != c.status {
					t.Errorf("%v: status %s, want %q\nstderr: %s", in.Args, got.Status, c.status, got.Stderr)
				}
				secret := c.secret
				if secret == "" {
					secret = canary
				}
				searchFor(t, secret, "stdout"+debug, got.Stdout)
				searchFor(t, secret, "stderr"+debug, got.Stderr)
				searchFor(t, secret, "the terminal"+debug, got.Terminal)
			}
		})
	}
}

// TestUserInfoOfEndpointsIsNeverShown gives logins in URLs, as other programs
// take them. They are refused, and nothing shows them or is sent.
func TestUserInfoOfEndpointsIsNeverShown(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	door := harness.NewClosingEndpoint(t)
	urls := map[string]string{
		"http":        "http://root:" + canary + "@" + door.Address,
		"https":       "https://root:" + canary + "@" + door.Address,
		"bare":        "root:" + canary + "@" + door.Address,
		"name":        "http://" + canary + "@" + door.Address,
		"odd":         "http://root:a@" + canary + "/b@" + door.Address,
		"path":        "http://root:a@" + door.Address + "/" + canary + "?x=" + canary,
		"second":      door.Address + ",http://root:" + canary + "@" + door.Address,
		"with comma":  "http://root:" + canary + ",b@" + door.Address,
		"quoted":      "http://root:\"" + canary + "@" + door.Address,
		"unparseable": "http://root:" + canary + "%zz@" + door.Address,
		"scheme":      canary + "://root:" + canary + "@" + door.Address,
		"capitals":    "HTTP://root:" + canary + "@" + door.Address,
		"encoded":     "http://root%3A" + canary + "%40" + door.Address,
		"query":       "http://" + door.Address + "?password=" + canary,
		"query of @":  "http://" + door.Address + "?password=a@" + canary,
		"fragment":    "http://" + door.Address + "#" + canary,
		"bare query":  door.Address + "?password=" + canary,
		"unread":      "http://" + door.Address + "?password=\"" + canary,
		"socket":      "unix://root:" + canary + "@/nonexistent",
		"TLS socket":  "unixs://root:" + canary + "@/nonexistent",
		"odd socket":  "unix:root:" + canary + "@nonexistent",
	}
	lines := []string{
		"get k", "put k v", "txn", "watch k", "lock l true", "user list", "user get root -w json", "auth status", "auth enable --check",
		"endpoint status", "endpoint status -w table", "endpoint health", "endpoint health -w json", "endpoint health --cluster", "endpoint hashkv -w yaml",
		"member list", "move-leader 1", "defrag", "snapshot save s.db", "check perf", "check datascale", "alarm list",
		"rbac matrix -w html", "rbac export", "whoami", "get k --user root:pw", "get k --dial-timeout nonsense", "nonsense",
	}
	run := func(t *testing.T, status string, in harness.Command) {
		t.Helper()
		in.Program, in.Dir = harness.Ectl(), home
		in.Env = harness.Env(home, in.Env...)
		got := harness.Run(t, in)
		if status != "" && got.Status != status {
			t.Errorf("%v: status %s, want %s\nstderr: %s", in.Args, got.Status, status, got.Stderr)
		}
		searchFor(t, canary, "stdout", got.Stdout)
		searchFor(t, canary, "stderr", got.Stderr)
	}
	for _, name := range slices.Sorted(maps.Keys(urls)) {
		url, status := urls[name], "128"
		t.Run(name, func(t *testing.T) {
			run(t, status, harness.Command{Args: words("get k --endpoints", url)})
			run(t, status, harness.Command{Args: words("endpoint status --debug --endpoints", url)})
			run(t, "", harness.Command{Args: words("__complete --endpoints", url, "get", "")})
			run(t, status, harness.Command{Args: words("get k"), Env: []string{"ETCDCTL_ENDPOINTS=" + url}})
			run(t, status, harness.Command{Args: words("get k --debug"), Env: []string{"ETCDCTL_ENDPOINTS=" + url}})
			run(t, status, harness.Command{Args: words("make-mirror", url), Env: []string{"ETCDCTL_ENDPOINTS=" + door.Address}})
			run(t, status, harness.Command{Args: words("make-mirror --debug", url, "--dest-user", "root:pw"), Env: []string{"ETCDCTL_ENDPOINTS=" + door.Address}})
			run(t, status, harness.Command{Args: words("make-mirror " + door.Address), Env: []string{"ETCDCTL_ENDPOINTS=" + url}})
			run(t, status, harness.Command{Args: words("member add n --peer-urls", url), Env: []string{"ETCDCTL_ENDPOINTS=" + door.Address}})
			run(t, status, harness.Command{Args: words("member update 1 --debug --peer-urls", url), Env: []string{"ETCDCTL_ENDPOINTS=" + door.Address}})
			run(t, status, harness.Command{Args: words("member add n", url), Env: []string{"ETCDCTL_ENDPOINTS=" + door.Address}})
			run(t, status, harness.Command{Args: words("get k --debug --discovery-srv", url)})
			run(t, status, harness.Command{Args: words("get k --discovery-srv example.com --debug --discovery-srv-name", url)})
		})
	}
	t.Run("commands", func(t *testing.T) {
		for _, line := range lines {
			run(t, "", harness.Command{Args: words(line), Env: []string{"ETCDCTL_ENDPOINTS=" + urls["http"]}})
			run(t, "", harness.Command{Args: words(line + " --debug"), Env: []string{"ETCDCTL_ENDPOINTS=" + urls["http"]}})
		}
	})
	t.Run("proxies", func(t *testing.T) {
		for _, proxy := range []string{
			"http://root:" + canary + "@" + harness.RefusingEndpoint(t), "http://root:" + canary + "@" + door.Address, "root:" + canary + "@" + door.Address,
			"http://root:" + canary + " x@" + door.Address, "http://root:" + canary + "%zz@" + door.Address,
		} {
			for _, variable := range []string{"HTTPS_PROXY", "https_proxy"} {
				run(t, "1", harness.Command{
					Args: words("get k --debug --command-timeout 300ms --endpoints http://etcd.invalid:2379"), Env: []string{variable + "=" + proxy},
				})
			}
		}
	})
	if n := door.Connections(); n > 20 { // the proxies', and no endpoint
		t.Errorf("%d connections were made", n)
	}
}

// TestUserInfoOfMembersIsNotShown has a member name itself with a login in its
// URL. Standard output has it, as etcdctl's, and errors do not.
func TestUserInfoOfMembersIsNotShown(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dead := harness.RefusingEndpoint(t)
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), Flags: []string{"--advertise-client-urls", "http://root:" + canary + "@" + dead}})
	for _, line := range []string{
		"endpoint status --cluster", "endpoint health --cluster", "endpoint hashkv --cluster", "defrag --cluster", "defrag --cluster --min-free 1%", "endpoint status --cluster --debug",
	} {
		got := harness.Run(t, harness.Command{
			Program: harness.Ectl(), Args: words(line + " --command-timeout 1s"), Dir: home, Env: harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint()),
		})
		if got.Status != "1" || !strings.Contains(got.Stderr, dead) {
			t.Errorf("%s: status %s, want 1; stderr %q, want the address", line, got.Status, got.Stderr)
		}
		searchFor(t, canary, "stderr of "+line, got.Stderr)
	}
}

// TestNoLoginGoesToAMixture gives endpoints with and without TLS: no login and
// no password is sent to any of them.
func TestNoLoginGoesToAMixture(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	door := harness.NewClosingEndpoint(t)
	plain, secure := "http://"+door.Address, "https://"+door.Address
	password := writeSecret(t, dir, "password", "secret\n")
	ca := "--cacert " + f.CA.CertFile()
	before := int64(0)
	unrung := func(t *testing.T) {
		t.Helper()
		if now := door.Connections(); now != before {
			t.Errorf("%d connections were made, want none", now-before)
			before = now
		}
	}
	for _, test := range []struct{ line, endpoints string }{
		{"get k --user root:pw", plain + "," + secure},
		{"get k --user root:pw", secure + "," + plain},
		{"get k --user root:pw", door.Address + ",unixs://" + door.Address},
		{"get k --user root:pw", "unixs:///nonexistent," + plain},
		{"get k --user root:pw", plain + ",unixs:///nonexistent"},
		{"endpoint status --user root:pw", "unixs:///nonexistent," + plain},
		{"endpoint status --user root:pw", "unixs:///nonexistent," + door.Address},
		{"get k --user root:pw", "HTTP://" + door.Address + "," + secure},
		{"get k --user root:pw", "HTTPS://" + door.Address + "," + plain},
		{"get k --user root:pw", door.Address + ",HTTPS://" + door.Address},
		{"endpoint status --user root:pw", "UNIXS:///nonexistent,Http://" + door.Address},
		{"get k --user root --password pw", secure + "," + plain},
		{"get k --user root --password-file " + password, plain + "," + secure},
		{"get k --user root", plain + "," + secure}, // before it asks
		{"get k --auth-jwt-token a.b.c", plain + "," + secure},
		{"get k --auth-jwt-token-file " + password, secure + "," + plain},
		{"get k --user root:pw", door.Address + "," + secure},
		{"get k --user root:pw " + ca, plain + "," + door.Address},
		{"endpoint status --user root:pw", secure + "," + door.Address},
		{"endpoint health --user root:pw", secure + "," + door.Address},
		{"endpoint hashkv --user root:pw", secure + "," + plain},
		{"endpoint status --auth-jwt-token a.b.c " + ca, door.Address + "," + plain},
		{"defrag --user root:pw", secure + "," + door.Address},
		{"move-leader 1 --user root:pw", secure + "," + door.Address},
		{"snapshot save s.db --user root:pw", plain + "," + secure},
		{"watch k --user root:pw", plain + "," + secure},
		{"lock l --user root:pw", plain + "," + secure},
		{"make-mirror " + door.Address + " --user root:pw", plain + "," + secure},
		{"make-mirror --dest-user root:pw " + plain + "," + secure, door.Address},
		{"user check-password bob --user-password-file " + password, plain + "," + secure},
		{"user add bob:pw", plain + "," + secure},
		{"user add bob:pw", secure + "," + plain},
		{"user add bob:pw", "unixs:///nonexistent," + plain},
		{"user add bob:pw", door.Address + ",unixs:///nonexistent"},
		{"user add bob:pw", secure + ",HTTP://" + door.Address},
		{"user passwd bob --new-user-password-file " + password, secure + "," + plain},
		{"user check-password bob --user-password-file " + password, secure + "," + plain},
		{"auth bootstrap --new-user-password-file " + password, secure + "," + plain},
		{"user add bob:pw", door.Address + "," + secure},
		{"user passwd bob --new-user-password-file " + password, plain + "," + secure},
		{"user add bob:pw " + ca + " --cert " + f.Clients["root"].CertFile + " --key " + f.Clients["root"].KeyFile, plain + "," + secure},
	} {
		t.Run(test.line, func(t *testing.T) {
			got := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: words(test.line), Dir: dir, Env: harness.Env(dir, "ETCDCTL_ENDPOINTS="+test.endpoints)})
			if got.Status != "128" || !strings.Contains(got.Stderr, door.Address+" has no TLS and ") {
				t.Errorf("%s: status %s, want 128; stderr %q, want the plain endpoint", test.endpoints, got.Status, got.Stderr)
			}
			unrung(t)
		})
	}
	// A socket of this machine is one, too, if a client of it talks to others.
	for _, line := range []string{"get k --user root:pw", "user add bob:pw"} {
		got := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: words(line), Dir: dir, Env: harness.Env(dir, "ETCDCTL_ENDPOINTS=unix:///nonexistent,"+secure)})
		if got.Status != "128" || !strings.Contains(got.Stderr, "unix:///nonexistent has no TLS and ") {
			t.Errorf("%s: status %s, want 128; stderr %q, want the socket", line, got.Status, got.Stderr)
		}
		unrung(t)
	}

	// The members' own URLs decide with --cluster.
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), TLS: f.CA, RootPassword: harness.RootPassword, Flags: []string{"--advertise-client-urls", plain}})
	run := func(line, endpoints string) harness.Result {
		return harness.Run(t, harness.Command{Program: harness.Ectl(), Args: words(line + " " + ca), Dir: dir, Env: harness.Env(dir, "ETCDCTL_ENDPOINTS="+endpoints)})
	}
	for _, line := range []string{"endpoint status --cluster", "endpoint health --cluster", "endpoint hashkv --cluster", "defrag --cluster"} {
		got := run(line+" --user root:"+harness.RootPassword, server.Endpoint())
		if got.Status != "128" || !strings.Contains(got.Stderr, plain+" has no TLS and "+server.Endpoint()+" has") {
			t.Errorf("%s: status %s, want 128; stderr %q, want the plain endpoint", line, got.Status, got.Stderr)
		}
		unrung(t)
	}
	// A policy with a password changes nothing, whichever is first.
	open := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), TLS: f.CA})
	policyFile := writeSecret(t, dir, "policy.yaml", "apiVersion: ectl/v1\nroles: {r: []}\nusers:\n  bob: {password: {file: password}}\n")
	got := run("rbac apply --yes -f "+policyFile, open.Endpoint()+","+plain)
	if got.Status != "128" || !strings.Contains(got.Stderr, plain+" has no TLS and "+open.Endpoint()+" has") {
		t.Errorf("rbac apply: status %s, want 128; stderr %q, want the plain endpoint", got.Status, got.Stderr)
	}
	for _, line := range []string{"role list", "user list"} {
		if got := run(line, open.Endpoint()); got.Status != "0" || got.Stdout != "" {
			t.Errorf("%s after a policy that was refused: status %s, %q", line, got.Status, got.Stdout)
		}
	}
	before = door.Connections() // the client of both may have connected, and has sent no password
	// One kind is no mixture: a name without scheme is talked to as the first is.
	bare := strings.TrimPrefix(server.Endpoint(), "https://")
	for _, endpoints := range []string{bare, server.Endpoint() + "," + bare, bare + "," + server.Endpoint()} {
		if got := run("user list --user root:"+harness.RootPassword, endpoints); got.Status != "0" {
			t.Errorf("%s: status %s, %s", endpoints, got.Status, got.Stderr)
		}
	}
}

// TestGeneratedPasswordIsShownOnce checks the one secret that is printed.
func TestGeneratedPasswordIsShownOnce(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	home := t.TempDir()
	run := func(args ...string) harness.Result {
		return harness.Run(t, harness.Command{
			Program: harness.Ectl(), Args: args, Dir: home,
			Env: harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint()),
		})
	}
	added := run("--user", "root:"+harness.RootPassword, "--debug", "user", "add", "alice", "--generate-password")
	if added.Status != "0" {
		t.Fatalf("status %s: %s", added.Status, added.Stderr)
	}
	var password string
	for _, word := range strings.Fields(added.Stdout) {
		if len(word) == 26 {
			password = word
		}
	}
	if password == "" {
		t.Fatalf("no password of 26 characters in %q", added.Stdout)
	}
	if n := strings.Count(added.Stdout, password); n != 1 {
		t.Errorf("the password is on stdout %d times, want once", n)
	}
	searchFor(t, password, "stderr", added.Stderr)
	if got := run("--user", "alice:"+password, "user", "get", "alice"); got.Status != "0" {
		t.Errorf("the generated password is not alice's: %s", got.Stderr)
	}
}

func searchFor(t *testing.T, secret, where, text string) {
	t.Helper()
	if strings.Contains(text, secret) {
		t.Errorf("%s has the secret:\n%s", where, text)
	}
}

// words splits line at spaces and appends more.
func words(line string, more ...string) []string {
	return append(strings.Fields(line), more...)
}

func writeSecret(t *testing.T, dir, name, content string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// children are the process ids of a process's children, where the system tells.
func children(pid int) []int {
	var pids []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		data, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(data)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
