package e2e

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestAReasonCostsFewRequests verifies that a command sends no request to explain an
// error before it fails, and then at most one.
func TestAReasonCostsFewRequests(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{})
	const root = "root:" + harness.RootPassword
	c.MustRunAt(c.Endpoint(), "user", "add", root)
	c.MustRunAt(c.Endpoint(), "auth", "enable")
	c.MustRunAt(c.Endpoint(), "user", "add", "bob:pw", "--user", root)
	c.MustRunAt(c.Endpoint(), "role", "add", "app", "--key-prefix", "/app/", "--read", "--user", root)
	c.MustRunAt(c.Endpoint(), "user", "grant-role", "bob", "app", "--user", root)
	for _, test := range []struct {
		line string
		sent []string
	}{
		{"get /app/x --user bob:pw", []string{"Authenticate", "Range"}},
		{"get /logs/x --user bob:pw", []string{"Authenticate", "Range"}},
		{"compaction 1 --user bob:pw", []string{"Authenticate", "Compact"}},
		{"user get bob --user bob:pw", []string{"Authenticate", "UserGet"}},
		{"user delete bbo --user " + root, []string{"Authenticate", "UserDelete", "UserList"}},
		{"role delete ap --user " + root, []string{"Authenticate", "RoleDelete", "RoleList"}},
		{"user revoke-role bob ap --user " + root, []string{"Authenticate", "UserRevokeRole", "UserGet"}},
	} {
		proxy := harness.NewRPCProxy(t, c.Endpoint())
		r := c.RunAt(proxy.Address, append(strings.Fields(test.line), "--dial-timeout", "1m", "--command-timeout", "1m")...)
		var sent []string
		for _, request := range proxy.Requests() {
			sent = append(sent, request[strings.LastIndex(request, "/")+1:])
		}
		if !slices.Equal(sent, test.sent) {
			t.Errorf("%s sends %v, want %v; it prints %q", test.line, sent, test.sent, r.Stderr)
		}
	}
}

// TestNoErrorOfAServerIsPrintedRaw sends every error of the server's list, and some that
// are not on it, in place of a response.
func TestNoErrorOfAServerIsPrintedRaw(t *testing.T) {
	t.Parallel()
	all := append(serverErrors(t),
		status.New(codes.Unknown, "auth: permission denied"),
		status.New(codes.Unknown, "something that no list has"),
		status.New(codes.Unimplemented, "unknown method Downgrade for service etcdserverpb.Maintenance"),
		status.New(codes.Internal, "a proxy's words"),
		status.New(codes.PermissionDenied, "unexpected HTTP status code received from server: 403 (Forbidden)"),
		status.New(codes.ResourceExhausted, "trying to send message larger than max (3 vs. 2)"),
	)
	proxy := harness.NewRPCServer(t)
	var next *status.Status
	proxy.Handle = func(context.Context, *harness.RPC) error { return next.Err() }
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy.Serve(listener)
	home := t.TempDir()
	lines := []string{"get k", "put k v", "user get bob", "member list", "lease list", "endpoint hashkv", "snapshot save copy.db"}
	for i, s := range all {
		next = s
		for j, line := range lines {
			if j != i%len(lines) && s.Code() != codes.Unknown {
				continue // every command receives some of the errors
			}
			r := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Args: append(strings.Fields(line), "--command-timeout", "1s"),
				Env: harness.Env(home, "ETCDCTL_ENDPOINTS="+proxy.Address), Dir: home,
			})
			if strings.Contains(r.Stderr, "rpc error") || strings.Contains(r.Stderr, "desc = ") || r.Status == "0" {
				t.Errorf("after %v, %q ends with %s and prints %q", s, line, r.Status, r.Stderr)
			}
		}
	}
}

// serverErrors returns the errors that the API's package defines.
func serverErrors(t *testing.T) []*status.Status {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.etcd.io/etcd/api/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(folder)), "v3rpc", "rpctypes", "error.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]codes.Code{}
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		byName[code.String()] = code
	}
	var all []*status.Status
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		code, isCode := call.Args[0].(*ast.SelectorExpr)
		text, isText := call.Args[1].(*ast.BasicLit)
		if !isCode || !isText {
			return true
		}
		message, err := strconv.Unquote(text.Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, status.New(byName[code.Sel.Name], message))
		return true
	})
	const fewest = 60
	if len(all) < fewest {
		t.Fatalf("only %d errors were found", len(all))
	}
	return all
}
