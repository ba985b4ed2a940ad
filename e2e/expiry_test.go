package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// shortTTL is how long the tokens of these tests live. A login must be able to use its
// token even on a busy machine.
const shortTTL = 3 * time.Second

// waitForExpiry waits until the server no longer accepts a token that it has made. No
// request uses the token meanwhile, because this would renew a simple token.
func waitForExpiry(ctx context.Context, server *etcdserver.Member, token string) error {
	for ctx.Err() == nil {
		if expiry, isJWT := expiryOf(token); isJWT && time.Now().After(expiry.Add(time.Second)) {
			return nil
		} else if log, err := server.Log(); err != nil {
			return err
		} else if !isJWT && strings.Contains(log, "deleted a simple token") && strings.Contains(log, token) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ctx.Err()
}

// expiryOf returns the end of a JWT.
func expiryOf(token string) (expiry time.Time, isJWT bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	var claims struct {
		Exp int64 `json:"exp"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return time.Time{}, false
	}
	return time.Unix(claims.Exp, 0), true
}

// tokenWatcher is a proxy that sees the tokens of the requests.
type tokenWatcher struct {
	*harness.RPCProxy

	mu   sync.Mutex
	last string
	held map[string]bool // methods whose second request waits until its token has expired
}

func watchTokens(t *testing.T, c *harness.Cluster, held ...string) *tokenWatcher {
	t.Helper()
	w := &tokenWatcher{RPCProxy: harness.NewRPCProxy(t, c.Endpoint()), held: map[string]bool{}}
	for _, method := range held {
		w.held[method] = true
	}
	w.Handle = func(ctx context.Context, rpc *harness.RPC) error {
		if sent, ok := metadata.FromOutgoingContext(ctx); ok && len(sent.Get("token")) > 0 {
			w.mu.Lock()
			w.last = sent.Get("token")[0]
			w.mu.Unlock()
		}
		if w.held[rpc.Method] && rpc.Nth == 2 {
			if err := waitForExpiry(ctx, c.Members[0], w.token()); err != nil {
				return err
			}
		}
		return rpc.Forward(ctx)
	}
	return w
}

func (w *tokenWatcher) token() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *tokenWatcher) logins() (count int) {
	for _, request := range w.Requests() {
		if request == "Authenticate" {
			count++
		}
	}
	return count
}

// kindsOfTokens runs a test with tokens of each kind that expire soon.
func kindsOfTokens(t *testing.T, test func(t *testing.T, c *harness.Cluster)) {
	t.Parallel()
	signer := harness.NewCertificates(t, t.TempDir()).Tokens
	for kind, tokens := range map[string]*testpki.TokenSigner{"simple": nil, "JWT": signer} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw", Tokens: tokens, TokenTTL: shortTTL, Flags: []string{"--log-level", "debug"}}))
		})
	}
}

// A token that expires in the middle of a script is renewed without a word.
func TestAScriptRenewsATokenThatExpires(t *testing.T) {
	kindsOfTokens(t, func(t *testing.T, c *harness.Cluster) {
		for _, parallel := range []string{"1", "3"} {
			w := watchTokens(t, c, "Put", "RoleList")
			file := writeScript(t, "put a 1", "role list", "put b 2", "get b --print-value-only", "role list", "put c 3")
			r := c.RunAt(w.URL(), "--user", "root:rootpw", "--command-timeout", "1m", "run", "--parallel", parallel, file)
			if want := "OK\nroot\nOK\n2\nroot\nOK\n"; r.Status != "0" || r.Stderr != "" || parallel == "1" && r.Stdout != want || strings.Count(r.Stdout, "OK\n") != 3 {
				t.Errorf("--parallel %s: run ends with %s, prints %q and %s", parallel, r.Status, r.Stdout, r.Stderr)
			}
			if got := w.logins(); got < 2 {
				t.Errorf("--parallel %s: the script logs in %d times, although its token has expired", parallel, got)
			}
		}
	})
}

func TestAShellRenewsATokenThatExpires(t *testing.T) {
	kindsOfTokens(t, func(t *testing.T, c *harness.Cluster) {
		w := watchTokens(t, c)
		s := openShell(t, c.Home, w.URL(), "root@"+w.Address+">", nil, "--user", "root:rootpw")
		s.do("put k v")
		before := w.logins()
		if err := waitForExpiry(t.Context(), c.Members[0], w.token()); err != nil {
			t.Fatal(err)
		}
		for line, want := range map[string]string{"get k": "k\nv", "role list": "root"} {
			if got := s.do(line); got != want {
				t.Errorf("after its token has expired, %s prints %q", line, got)
			}
		}
		if got := w.logins(); got <= before {
			t.Errorf("the shell logs in %d times, although its token has expired", got)
		}
	})
}

// keepLogin keeps a login of root.
func keepLogin(t *testing.T, c *harness.Cluster, endpoint string) {
	t.Helper()
	c.MustRunAt(endpoint, "login", "--user", "root:rootpw")
}

// A kept login that has expired is reported once, also if it is known without a request.
func TestAKeptLoginThatExpiresIsReportedOnce(t *testing.T) {
	kindsOfTokens(t, func(t *testing.T, c *harness.Cluster) {
		w := watchTokens(t, c)
		keepLogin(t, c, w.URL())
		if got := c.MustRunAt(w.URL(), "user", "list"); got != "root\n" {
			t.Errorf("with the login, user list prints %q", got)
		}
		if err := waitForExpiry(t.Context(), c.Members[0], w.token()); err != nil {
			t.Fatal(err)
		}
		const warning = "Warning: the login of root has expired\n"
		r := c.RunAt(w.URL(), "user", "list")
		if r.Status != "1" || r.Stdout != "" || !strings.HasPrefix(r.Stderr, warning+"Error: ") || !strings.Contains(r.Stderr, "user name is empty") {
			t.Errorf("after the login has expired, user list ends with %s, prints %q and %s", r.Status, r.Stdout, r.Stderr)
		}
		if r := c.RunAt(w.URL(), "user", "list"); strings.Contains(r.Stderr, warning) {
			t.Errorf("the next command reports it, too: %s", r.Stderr)
		}
		// The command line gives a user: the password is asked for.
		keepLogin(t, c, w.URL())
		c.MustRunAt(w.URL(), "user", "list")
		if err := waitForExpiry(t.Context(), c.Members[0], w.token()); err != nil {
			t.Fatal(err)
		}
		asked := harness.Run(t, harness.Command{
			Program: harness.Ectl(), Args: words("user list --user root"), Dir: c.Home, Env: harness.Env(c.Home, "ETCDCTL_ENDPOINTS="+w.URL()),
			Terminal: []harness.Answer{{Prompt: "Password: ", Typed: "rootpw\n"}},
		})
		if asked.Status != "0" || asked.Stdout != "root\n" || !strings.Contains(asked.Stderr, warning) {
			t.Errorf("with --user, user list ends with %s, prints %q and %s", asked.Status, asked.Stdout, asked.Stderr)
		}
	})
}

// A script whose kept login expires stops, and names the line.
func TestAKeptLoginThatExpiresInAScript(t *testing.T) {
	kindsOfTokens(t, func(t *testing.T, c *harness.Cluster) {
		w := watchTokens(t, c, "Put")
		keepLogin(t, c, w.URL())
		file := writeScript(t, "put a 1", "put b 2", "put c 3")
		r := c.RunAt(w.URL(), "--command-timeout", "1m", "run", file)
		want := fmt.Sprintf("Error: %s:2: put b 2: etcdserver: invalid auth token", file)
		if r.Status != "1" || r.Stdout != "OK\n" || !strings.HasPrefix(r.Stderr, want) || !strings.HasSuffix(r.Stderr, "1 other command succeeded: the login of root has expired: run \"ectl login\" and repeat the command\n") {
			t.Errorf("run ends with %s, prints %q and %s; want %s", r.Status, r.Stdout, r.Stderr, want)
		}
	})
}

// In the shell, another login replaces a kept one that has expired.
func TestAKeptLoginThatExpiresInTheShell(t *testing.T) {
	kindsOfTokens(t, func(t *testing.T, c *harness.Cluster) {
		w := watchTokens(t, c)
		keepLogin(t, c, w.URL())
		s := openShell(t, c.Home, w.URL(), "root@"+w.Address+">", nil)
		if got := s.do("put k v"); got != "OK" {
			t.Errorf("with the login, put prints %q", got)
		}
		if err := waitForExpiry(t.Context(), c.Members[0], w.token()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(s.do("get k")), ""); !strings.Contains(got, `theloginofroothasexpired:run"login"andrepeat`) {
			t.Errorf("after the login has expired, get prints %q", got)
		}
		s.Type("login --user root\r")
		s.MustHave("Password:")
		s.Type("rootpw\r")
		s.MustHave("user: root")
		s.Until("a prompt", s.atPrompt)
		if got := s.do("get k"); got != "k\nv" {
			t.Errorf("after another login, get prints %q", got)
		}
		s.prompt = w.Address + ">"
		if got := s.do("logout"); got != "Login of root forgotten" {
			t.Errorf("logout prints %q", got)
		}
	})
}
