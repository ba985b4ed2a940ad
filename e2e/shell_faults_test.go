package e2e

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A change of the user's password ends its tokens.
func TestAShellRenewsItsLogin(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{RootPassword: "rootpw"})
	root := []string{"--user", "root:rootpw"}
	run := func(args ...string) { c.MustRunAt(c.Endpoint(), append(root, args...)...) }
	run("user", "add", "alice:alicepw")
	run("role", "add", "app")
	run("role", "grant-permission", "app", "readwrite", "k")
	run("user", "grant-role", "alice", "app")
	s := openShell(t, c.Home, c.Endpoint(), "alice@"+address(c.Endpoint())+">", nil, "--user", "alice:alicepw")
	s.do("put k v")
	run("role", "add", "other") // the token is of an old auth revision now
	if got := s.do("get k"); got != "k\nv" {
		t.Errorf("with an old token, get prints %q", got)
	}
	run("user", "delete", "alice")
	if got := s.do("get k"); !strings.Contains(got, "Error: ") {
		t.Errorf("after the user was deleted, get prints %q", got)
	}
	if got := s.do("version"); !strings.Contains(got, "ectl version") {
		t.Errorf("the shell goes on with %q", got)
	}
}

func TestAShellOutlivesAMember(t *testing.T) {
	t.Parallel()
	c := harness.NewCluster(t, etcdserver.Options{Members: 3})
	s := openShell(t, c.Home, strings.Join(c.Endpoints(), ","), address(c.Endpoints()[0])+"+2!>", nil)
	s.do("put k v")
	c.Members[0].Kill()
	harness.Retry(t, func() string {
		if got := s.do("get k"); got != "k\nv" {
			return "get prints " + got
		}
		return ""
	})
}
