package e2e

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestAnUnansweredChangeIsInDoubt lets a change reach the server and loses the
// answer: the change is made, and the error does not say that it failed.
func TestAnUnansweredChangeIsInDoubt(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{})
	proxy := harness.NewTCPProxy(t, server.Endpoint())
	proxy.Limit(1, harness.Lost) // the server's settings pass
	env := harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+proxy.URL)
	const doubt = "the change may have been made: check before you repeat it"

	for _, test := range []struct {
		args  []string
		doubt bool
	}{
		{[]string{"role", "add", "app"}, true},
		{[]string{"put", "k", "v"}, true},
		{[]string{"get", "k"}, false},
		{[]string{"role", "list"}, false},
	} {
		got := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: append(test.args, "--command-timeout", "1s"), Env: env})
		if got.Status != "1" || !strings.HasPrefix(got.Stderr, "Error: context deadline exceeded: ") ||
			strings.Contains(got.Stderr, doubt) != test.doubt {
			t.Errorf("%v without an answer: status %s, stderr %q; want 1, and doubt: %v", test.args, got.Status, got.Stderr, test.doubt)
		}
	}

	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if roles, err := client.RoleList(t.Context()); err != nil || len(roles.Roles) != 1 {
		t.Errorf("the server has the roles %v, %v: want the one whose answer was lost", roles, err)
	}
}
