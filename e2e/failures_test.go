package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

func withScheme(scheme, endpoint string) string {
	_, host, found := strings.Cut(endpoint, "://")
	if !found {
		host = endpoint
	}
	return scheme + "://" + host
}

// runBoth runs a command line through ours and, side by side, through the
// reference, ours with the given timeouts and the reference with one second.
func runBoth(t *testing.T, dir string, timeout time.Duration, args string) (ours, reference harness.Result, took time.Duration) {
	t.Helper()
	run := func(program string, timeout time.Duration) harness.Result {
		return harness.Run(t, harness.Command{
			Program: program,
			Args:    append([]string{"--command-timeout", timeout.String(), "--dial-timeout", timeout.String()}, strings.Fields(args)...),
			Env:     harness.Env(dir),
			Dir:     dir,
		})
	}
	var running sync.WaitGroup
	running.Go(func() {
		start := time.Now()
		ours = run(harness.Ectl(), timeout)
		took = time.Since(start)
	})
	running.Go(func() { reference = run(harness.Etcdctl(), time.Second) })
	running.Wait()
	return ours, reference, took
}

// longTimeout is the timeout of commands that need not wait for it, and atOnce
// how soon they end, on a machine that has time for them.
const (
	longTimeout = time.Minute
	atOnce      = 3 * time.Second
)

func TestFailuresNameTheirCause(t *testing.T) {
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	certificate := func(pair testpki.Pair, err error) testpki.Pair {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	plain := harness.StartServer(t, etcdserver.Options{}).Endpoint()
	secure := harness.StartServer(t, etcdserver.Options{TLS: f.CA}).Endpoint()
	demanding := harness.StartServer(t, etcdserver.Options{TLS: f.CA, ClientCertAuth: true}).Endpoint()
	misnamed := harness.StartServer(t, etcdserver.Options{TLS: f.CA, ServerCert: certificate(f.CA.ServerFor("misnamed", "etcd.example.com"))}).Endpoint()
	expired := harness.StartServer(t, etcdserver.Options{TLS: f.CA, ServerCert: certificate(f.CA.ExpiredServer("expired-server"))}).Endpoint()
	guarded := harness.StartServer(t, etcdserver.Options{RootPassword: harness.RootPassword}).Endpoint()
	jwt := harness.StartServer(t, etcdserver.Options{RootPassword: harness.RootPassword, Tokens: f.Tokens})
	paused := harness.StartServer(t, etcdserver.Options{})
	if err := paused.Members[0].Pause(); err != nil {
		t.Fatal(err)
	}
	revision, err := jwt.AuthRevision(t.Context(), "root", harness.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	token := func(revision uint64, ttl time.Duration) string {
		t.Helper()
		signed, err := f.Tokens.Sign("root", revision, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	dead, silent := harness.RefusingEndpoint(t), harness.SilentEndpoint(t)

	const (
		deadline  = "context deadline exceeded: "
		refused   = ": connection refused: nothing listens there; check that etcd is running, and check --endpoints"
		says      = ": accepts connections and then says nothing: it may be stopped or overloaded"
		untrusted = ": tls: failed to verify certificate: x509: certificate signed by unknown authority:" +
			" the authority of the server's certificate is not trusted; give it with --cacert"
		authenticated = "the command names an empty user, or authentication is on; say who you are with --user, --auth-jwt-token or a client certificate"
	)
	for _, test := range []struct {
		name   string
		args   string
		want   string // the error, "..." stands for anything
		status string
		early  bool // before the timeout
	}{
		{"refused", "--endpoints " + dead + " get k", deadline + dead + refused, "1", false},
		{"refused write", "--endpoints " + dead + " put k v", deadline + dead + refused, "1", false},
		{"refused login", "--endpoints " + dead + " --user root:x get k", deadline + dead + refused, "2", false},
		{
			"unknown host", "--endpoints no-such-host.invalid:2379 get k",
			deadline + "no-such-host.invalid:2379: no such host no-such-host.invalid: check --endpoints", "1", false,
		},
		{"accepts and does not answer", "--endpoints " + silent + " get k", deadline + silent + says, "1", false},
		{"login there", "--endpoints " + silent + " --user root:x get k", deadline + silent + says, "2", false},
		{"stopped server", "--endpoints " + paused.Endpoint() + " get k", deadline + paused.Endpoint() + says, "1", false},
		{
			"several, each with its cause", "--endpoints " + dead + "," + silent + "," + withScheme("http", dead) + " get k",
			deadline + dead + ", " + withScheme("http", dead) + refused + "; " + silent + says, "1", false,
		},
		{"unknown authority", "--endpoints " + secure + " get k", deadline + secure + untrusted, "1", true},
		{"unknown authority, write", "--endpoints " + secure + " --cacert " + f.Other.CertFile() + " put k v", deadline + secure + untrusted, "1", true},
		{"unknown authority, login", "--endpoints " + secure + " --user root:x get k", deadline + secure + untrusted, "2", true},
		{
			"unknown authority, and one that may come back", "--endpoints " + secure + "," + withScheme("https", dead) + " get k",
			deadline + secure + untrusted + "; " + withScheme("https", dead) + refused, "1", false,
		},
		{
			"certificate without this address", "--endpoints " + misnamed + " --cacert " + f.CA.CertFile() + " get k",
			deadline + misnamed + ": tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs:" +
				" the server's certificate is for other names; use one of them in --endpoints", "1", true,
		},
		{
			"certificate for another name",
			"--endpoints " + strings.Replace(misnamed, "127.0.0.1", "localhost", 1) + " --cacert " + f.CA.CertFile() + " get k",
			deadline + "...: tls: failed to verify certificate: x509: certificate is valid for etcd.example.com, not localhost:" +
				" the server's certificate is for other names; use one of them in --endpoints", "1", true,
		},
		{
			"expired certificate", "--endpoints " + expired + " --cacert " + f.CA.CertFile() + " get k",
			deadline + expired + ": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: ...:" +
				" the server's certificate has expired, or the clock here is wrong", "1", true,
		},
		{
			"client certificate required", "--endpoints " + demanding + " --cacert " + f.CA.CertFile() + " get k",
			deadline + demanding + ": tls: certificate required: the server wants a client certificate; give --cert and --key; if this is etcd's peer port, use the client port", "1", true,
		},
		{
			"client certificate required, write", "--endpoints " + demanding + " --cacert " + f.CA.CertFile() + " put k v",
			deadline + demanding + ": tls: certificate required: the server wants a client certificate; give --cert and --key; if this is etcd's peer port, use the client port", "1", true,
		},
		{
			"client certificate of another authority",
			"--endpoints " + demanding + " --cacert " + f.CA.CertFile() + " --cert " + f.Clients["other"].CertFile + " --key " + f.Clients["other"].KeyFile + " get k",
			deadline + demanding + ": tls: unknown certificate authority: the server does not trust the authority of the client certificate; check --cert", "1", true,
		},
		{
			"no TLS to a server with it", "--endpoints " + withScheme("http", secure) + " get k",
			deadline + withScheme("http", secure) + ": the server speaks TLS: use https:// endpoints", "1", true,
		},
		{
			"no TLS to a server that wants a client certificate", "--endpoints " + withScheme("http", demanding) + " put k v",
			deadline + withScheme("http", demanding) + ": the server speaks TLS: use https:// endpoints", "1", true,
		},
		{
			"TLS to a server without", "--endpoints " + withScheme("https", plain) + " get k",
			deadline + withScheme("https", plain) + ": the server does not speak TLS: use http:// endpoints", "1", true,
		},
		{
			"TLS to a server without, login", "--endpoints " + withScheme("https", guarded) + " --user root:" + harness.RootPassword + " get k",
			deadline + withScheme("https", guarded) + ": the server does not speak TLS: use http:// endpoints", "2", true,
		},
		{
			"wrong password", "--endpoints " + guarded + " --user root:wrong get k",
			"etcdserver: authentication failed, invalid user ID or password", "2", true,
		},
		{
			"unknown user", "--endpoints " + guarded + " --user nobody:x get k",
			"etcdserver: authentication failed, invalid user ID or password", "2", true,
		},
		{"nobody", "--endpoints " + guarded + " get k", "etcdserver: user name is empty: " + authenticated, "1", true},
		{
			"expired token", "--endpoints " + jwt.Endpoint() + " --auth-jwt-token " + token(revision, -time.Hour) + " get k",
			"etcdserver: invalid auth token: the token expired at ...", "1", true,
		},
		{
			"no token at all", "--endpoints " + jwt.Endpoint() + " --auth-jwt-token nonsense get k",
			"etcdserver: invalid auth token: the token is not one of this cluster's, or it has expired", "1", true,
		},
		{
			"token from before a change", "--endpoints " + jwt.Endpoint() + " --auth-jwt-token " + token(revision-1, time.Hour) + " get k",
			"etcdserver: revision of auth store is old: users or roles have changed since the token was made; get a new one", "1", true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var ours, reference harness.Result
			timeout := time.Second / 2
			harness.Retry(t, func() string {
				// On a busy machine it takes longer to find the cause.
				timeout = min(2*timeout, longTimeout)
				if test.early {
					timeout = longTimeout
				}
				var took time.Duration
				ours, reference, took = runBoth(t, dir, timeout, test.args)
				switch {
				case !matches("Error: "+test.want+"\n", ours.Stderr):
					return fmt.Sprintf("stderr %q\nwant   %q", ours.Stderr, "Error: "+test.want)
				case test.early && took > atOnce:
					return fmt.Sprintf("it took %s, though waiting does not mend it", took)
				}
				return ""
			})
			if ours.Status != test.status || reference.Status != test.status {
				t.Errorf("status %s, and etcdctl's %s, want %s", ours.Status, reference.Status, test.status)
			}
			if ours.Stdout != "" {
				t.Errorf("stdout %q", ours.Stdout)
			}
			const words = "Error: context deadline exceeded" // that scripts match
			if strings.Contains(reference.Stderr, words+"\n") != strings.HasPrefix(ours.Stderr, words+": ") {
				t.Errorf("stderr begins with %q, and etcdctl's ends with %q", ours.Stderr, reference.Stderr)
			}
		})
	}
}

// matches says whether text is pattern, in which "..." stands for anything.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "...")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for i, part := range parts[1:] {
		last := i == len(parts)-2
		if last {
			return strings.HasSuffix(text, part)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return text == ""
}

func TestRefusedServerIsWaitedFor(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{})
	server.Members[0].Kill()
	restarted := make(chan error, 1)
	go func() {
		time.Sleep(700 * time.Millisecond)
		restarted <- server.Members[0].Restart(t.Context())
	}()
	r := harness.Run(t, harness.Command{
		Program: harness.Ectl(),
		Args:    []string{"--endpoints", server.Endpoint(), "--command-timeout", harness.HangTimeout.String(), "put", "k", "v"},
		Env:     harness.Env(t.TempDir()),
	})
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	if r.Stdout != "OK\n" || r.Status != "0" {
		t.Errorf("put to a restarting server: %q and %q, status %s", r.Stdout, r.Stderr, r.Status)
	}
}

func TestOneDeadEndpointOfSeveralFailsNothing(t *testing.T) {
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	cluster := harness.StartServer(t, etcdserver.Options{Members: 3, RootPassword: harness.RootPassword})
	secure := harness.StartServer(t, etcdserver.Options{TLS: f.CA})
	other, err := testpki.NewAuthority(dir, "another")
	if err != nil {
		t.Fatal(err)
	}
	untrusted := harness.StartServer(t, etcdserver.Options{TLS: other})
	commands := [][]string{{"put", "k", "v"}, {"get", "k"}, {"user", "list"}, {"role", "get", "root"}, {"auth", "status"}}
	run := func(t *testing.T, args []string) {
		t.Helper()
		r := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: args, Env: harness.Env(dir), Dir: dir})
		if r.Status != "0" || strings.Contains(r.Stderr, "Error") || r.Stdout == "" {
			t.Errorf("%q: stdout %q, stderr %q, status %s", args, r.Stdout, r.Stderr, r.Status)
		}
	}
	login := []string{"--user", "root:" + harness.RootPassword, "--quiet", "--endpoints"}
	for name, dead := range map[string]string{
		"refused":                     harness.RefusingEndpoint(t),
		"accepts and does not answer": harness.SilentEndpoint(t),
		"unknown host":                "no-such-host.invalid:2379",
		"TLS where there is none":     withScheme("http", secure.Endpoint()),
	} {
		t.Run(name, func(t *testing.T) {
			alive := cluster.Endpoints()
			for _, endpoints := range [][]string{{dead, alive[1], alive[2]}, {alive[0], alive[1], dead}} {
				for _, command := range commands {
					run(t, append(append(login, strings.Join(endpoints, ",")), command...))
				}
			}
		})
	}
	t.Run("untrusted certificate", func(t *testing.T) {
		for _, endpoints := range []string{untrusted.Endpoint() + "," + secure.Endpoint(), secure.Endpoint() + "," + untrusted.Endpoint()} {
			for _, command := range commands[:3] {
				if command[0] == "user" {
					command = []string{"auth", "status"}
				}
				run(t, append([]string{"--cacert", f.CA.CertFile(), "--endpoints", endpoints}, command...))
			}
		}
	})
	client, err := cluster.Client("root", harness.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	// The leader itself may be the one that dies: the others elect a new one,
	// which a login and a read outlast.
	for i, member := range cluster.Members {
		t.Run("paused "+member.Name, func(t *testing.T) {
			if err := member.Pause(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = member.Continue() }()
			for range 3 {
				run(t, append(append(login, cluster.Endpoint()), "--command-timeout", harness.HangTimeout.String(), "--dial-timeout", "1m", "user", "list"))
			}
			run(t, append(append(login, cluster.Endpoint()), commands[i%2]...))
		})
		client.SetEndpoints(member.ClientURL)
		harness.WaitUntil(t, member.Name+" finds its leader again", func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := client.Get(ctx, "k")
			return err == nil
		})
	}
}

func TestClusterWithoutLeaderIsToldFromOneThatIsSlow(t *testing.T) {
	dir := t.TempDir()
	cluster := harness.StartServer(t, etcdserver.Options{Members: 3, RootPassword: harness.RootPassword})
	for _, member := range cluster.Members[:2] {
		member.Kill()
	}
	left := cluster.Endpoints()[2]
	noLeader := "Error: context deadline exceeded: " + left + ": no leader: fewer than half of the members of the cluster can be reached from there; those that never started count, and member list --consistency s shows them"
	// A member without leader holds a change back for some seconds, and makes it
	// where a leader is found meanwhile.
	const doubt = "; the change may have been made: check before you repeat it"
	for _, test := range []struct {
		args   string
		status string
		stderr string
	}{
		{"--endpoints " + left + " get k", "1", noLeader + "\n"},
		{"--endpoints " + left + " put k v", "1", noLeader + doubt + "\n"},
		{"--endpoints " + cluster.Endpoint() + " put k v", "1", noLeader + doubt + "\n"},
		{"--endpoints " + left + " --user root:" + harness.RootPassword + " get k", "2", noLeader + "\n"},
	} {
		var ours, reference harness.Result
		timeout := 3 * time.Second
		harness.Retry(t, func() string {
			if ours, reference, _ = runBoth(t, dir, timeout, test.args); ours.Stderr != test.stderr {
				timeout = min(2*timeout, longTimeout)
				return fmt.Sprintf("%s: stderr %q\nwant %q", test.args, ours.Stderr, test.stderr)
			}
			return ""
		})
		if ours.Status != test.status || reference.Status != test.status {
			t.Errorf("%s: status %s, and etcdctl's %s, want %s", test.args, ours.Status, reference.Status, test.status)
		}
	}
}

// TestTheVariableOfTheTimeoutHolds waits for an endpoint that never answers:
// ours as long as the variable says, the reference as long as it does without.
func TestTheVariableOfTheTimeoutHolds(t *testing.T) {
	t.Parallel()
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+harness.SilentEndpoint(t), "ETCDCTL_COMMAND_TIMEOUT=100ms")
	for _, args := range [][]string{{"get", "k"}, {"put", "k", "v"}, {"del", "k"}, {"user", "list"}} {
		harness.Retry(t, func() string {
			start := time.Now()
			ours := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: args, Env: env})
			if took := time.Since(start); took > 4*time.Second || ours.Status != "1" || !strings.HasPrefix(ours.Stderr, "Error: context deadline exceeded: ") {
				return fmt.Sprintf("%q: after %s status %s, stderr %q; want 1 and the deadline, long before the default of 5s", args, took, ours.Status, ours.Stderr)
			}
			return ""
		})
	}
	reference := harness.Run(t, harness.Command{Program: harness.Etcdctl(), Args: []string{"get", "k"}, Env: env, Limit: 2 * time.Second})
	if !strings.HasPrefix(reference.Status, "killed") {
		t.Errorf("the reference ended with status %s: it heeds the variable now, and docs/compatibility.md need not say otherwise", reference.Status)
	}
}

// TestTheWordsOfTheDeadlineStayWhenTheReasonIsKnown compares the line in which
// the reference reports its timeout with ours, which ends at once.
func TestTheWordsOfTheDeadlineStayWhenTheReasonIsKnown(t *testing.T) {
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	const words = "context deadline exceeded"
	demanding := harness.StartServer(t, etcdserver.Options{TLS: f.CA, ClientCertAuth: true}).Endpoint()
	plain := harness.StartServer(t, etcdserver.Options{}).Endpoint()
	for cause, options := range map[string]string{
		"unknown authority":           "--endpoints " + demanding,
		"client certificate required": "--cacert " + f.CA.CertFile() + " --endpoints " + demanding,
		"no TLS":                      "--endpoints " + withScheme("https", plain),
	} {
		for _, command := range []string{
			"get k", "put k v", "del k", "member list", "endpoint status", "endpoint health", "defrag", "--user root:x get k", "--user root:x watch k",
		} {
			t.Run(cause+"/"+command, func(t *testing.T) {
				t.Parallel()
				ours, reference, _ := runBoth(t, dir, time.Minute, options+" "+command)
				if strings.HasPrefix(ours.Status, "killed") {
					t.Fatalf("%s waits: stderr %q", command, ours.Stderr)
				}
				for line := range strings.Lines(reference.Stderr) {
					before, _, found := strings.Cut(line, words)
					before, _, _ = strings.Cut(before, "took ")                                    // differs
					if !found || strings.HasPrefix(line, "{") || ours.Status != reference.Status { // its log, or another difference
						continue
					}
					if _, rest, same := strings.Cut("\n"+ours.Stderr, "\n"+before); !same || !strings.Contains(rest, words+": ") {
						t.Errorf("no line begins with %q: stderr %q\netcdctl's %q", before+words, ours.Stderr, reference.Stderr)
					}
				}
			})
		}
	}
}
