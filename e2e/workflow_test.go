package e2e

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestMainWorkflow sets access control up, uses it and takes it down again on
// every server version, with both kinds of tokens, for users known by their
// password and by their certificate.
func TestMainWorkflow(t *testing.T) {
	versions := etcdserver.Versions()
	if len(versions) < 3 {
		t.Fatalf("the cache holds only the servers %v", versions)
	}
	slots := make(chan struct{}, 3)
	for _, version := range versions {
		for _, tokens := range []string{"simple", "jwt"} {
			for _, identity := range []string{"password", "certificate"} {
				t.Run(version+"/"+tokens+"/"+identity, func(t *testing.T) {
					t.Parallel()
					slots <- struct{}{}
					defer func() { <-slots }()
					f := harness.NewCertificates(t, t.TempDir())
					options := etcdserver.Options{Version: version, Dir: t.TempDir()}
					if tokens == "jwt" {
						options.Tokens = f.Tokens
					}
					if identity == "certificate" {
						options.TLS, options.ClientCertAuth = f.CA, true
					}
					server := harness.StartServer(t, options)
					w := &workflow{
						t: t, fixtures: f, server: server, certificate: identity == "certificate", home: t.TempDir(),
						passwords: map[string]string{"root": "root-pw", "alice": "alice-pw"},
					}
					w.run()
				})
			}
		}
	}
}

// workflow speaks to one server as one user after the other.
type workflow struct {
	t           *testing.T
	fixtures    *harness.Certificates
	server      *etcdserver.Server
	certificate bool
	home        string
	passwords   map[string]string
}

func (w *workflow) run() {
	w.t.Helper()
	if w.certificate {
		w.as("").prints("User root created\n", "user", "add", "root", "--no-password")
		w.as("").prints("User alice created\n", "user", "add", "alice", "--no-password")
	} else {
		w.as("").prints("User root created\n", "user", "add", "root:root-pw")
		w.as("").prints("User alice created\n", "user", "add", "alice:alice-pw")
	}
	w.as("").prints("Role app created\n", "role", "add", "app")
	w.as("").prints("Role app updated\n", "role", "grant-permission", "app", "readwrite", "/app/", "--prefix")
	w.as("").prints("Role app updated\n", "role", "grant-permission", "app", "read", "/shared")
	w.as("").prints("Role app is granted to user alice\n", "user", "grant-role", "alice", "app")
	w.as("").prints("OK\n", "put", "/secret", "s")
	w.as("").prints("Authentication Enabled\n", "auth", "enable")

	w.as("alice").prints("OK\n", "put", "/app/a", "1")
	w.as("alice").prints("/app/a\n1\n", "get", "/app/", "--prefix")
	w.as("alice").refuses("Error: etcdserver: permission denied", "get", "/secret")
	w.as("alice").refuses("Error: etcdserver: permission denied", "put", "/shared", "x")
	w.as("alice").refuses("Error: etcdserver: permission denied", "user", "list")
	w.as("alice").prints("User: alice\nRoles: app\n", "user", "get", "alice")
	w.as("alice").prints("Role app\nKV Read:\n\t[/app/, /app0) (prefix /app/)\n\t/shared\nKV Write:\n\t[/app/, /app0) (prefix /app/)\n",
		"role", "get", "app")
	w.as("root").prints("alice\nroot\n", "user", "list")
	w.as("root").prints("app\nroot\n", "role", "list")

	if !w.certificate {
		w.as("root").types("alice-new\n").prints("Password updated\n", "user", "passwd", "alice", "--interactive=false")
		w.as("alice").cannotLogIn("get", "/app/a")
		w.passwords["alice"] = "alice-new"
		w.as("alice").prints("/app/a\n1\n", "get", "/app/a")
	}

	w.as("root").prints("Permission of key /shared is revoked from role app\n", "role", "revoke-permission", "app", "/shared")
	w.as("alice").refuses("Error: etcdserver: permission denied", "get", "/shared")
	w.as("root").prints("Role app is revoked from user alice\n", "user", "revoke-role", "alice", "app")
	w.as("alice").refuses("Error: etcdserver: permission denied", "get", "/app/a")
	w.as("root").prints("Role app deleted\n", "role", "delete", "app")
	w.as("root").prints("User alice deleted\n", "user", "delete", "alice")
	w.as("root").prints("Authentication Disabled\n", "auth", "disable")
	w.as("").prints("/app/a\n1\n", "get", "/app/a")
}

// speaker runs commands as one user.
type speaker struct {
	*workflow
	user  string
	stdin string
}

func (w *workflow) as(user string) speaker { return speaker{workflow: w, user: user} }

func (s speaker) types(text string) speaker { s.stdin = text; return s }

func (s speaker) prints(want string, args ...string) {
	s.t.Helper()
	got := s.invoke(args)
	if args[0] == "user" {
		s.settle()
	}
	if got.Status != "0" {
		s.t.Fatalf("%s, as %q: status %s, stderr %q", strings.Join(args, " "), s.user, got.Status, got.Stderr)
	}
	if got.Stdout != want {
		s.t.Fatalf("%s, as %q: printed %q, want %q", strings.Join(args, " "), s.user, got.Stdout, want)
	}
}

// settle waits until the server takes root for root again, see applier.settle.
func (s speaker) settle() {
	s.t.Helper()
	if s.user != "root" {
		return // authentication is not on yet
	}
	harness.WaitUntil(s.t, "root may list users", func() bool {
		return !strings.Contains(s.types("").invoke([]string{"user", "list"}).Stderr, "permission denied")
	})
}

func (s speaker) refuses(want string, args ...string) {
	s.t.Helper()
	s.fails("1", want, args)
}

// cannotLogIn checks for etcdctl's status of a failed connection, which a
// failed login counts as.
func (s speaker) cannotLogIn(args ...string) {
	s.t.Helper()
	s.fails("2", "Error: etcdserver: authentication failed, invalid user ID or password", args)
}

func (s speaker) fails(status, want string, args []string) {
	s.t.Helper()
	got := s.invoke(args)
	if got.Status != status || got.Stdout != "" || !hasLineWithPrefix(got.Stderr, want) {
		s.t.Fatalf("%s, as %q: status %s, stdout %q, stderr %q, want status %s and %q", strings.Join(args, " "),
			s.user, got.Status, got.Stdout, got.Stderr, status, want)
	}
}

func (s speaker) invoke(args []string) harness.Result {
	s.t.Helper()
	env := []string{"ETCDCTL_ENDPOINTS=" + s.server.Endpoint(), "ETCDCTL_COMMAND_TIMEOUT=1m", "ETCDCTL_DIAL_TIMEOUT=1m"}
	if s.certificate {
		client := s.fixtures.Clients["noname"]
		if s.user != "" {
			client = s.fixtures.Clients[s.user]
		}
		env = append(env, "ETCDCTL_CACERT="+s.fixtures.CA.CertFile(),
			"ETCDCTL_CERT="+client.CertFile, "ETCDCTL_KEY="+client.KeyFile)
	} else if s.user != "" {
		env = append(env, "ETCDCTL_USER="+s.user+":"+s.passwords[s.user])
	}
	return harness.Run(s.t, harness.Command{
		Program: harness.Ectl(),
		Args:    args,
		Env:     harness.Env(s.home, env...),
		Dir:     s.home,
		Stdin:   s.stdin,
	})
}
