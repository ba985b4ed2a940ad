package harness

import (
	"testing"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// RootPassword is the password of root on every server that starts with
// authentication on.
const RootPassword = "rootpw"

// StartServer starts a server that runs until the test ends.
func StartServer(t testing.TB, options etcdserver.Options) *etcdserver.Server {
	t.Helper()
	server, err := etcdserver.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, m := range server.Members {
			t.Logf("the log of %s:\n%s", m.ClientURL, m.LogTail())
		}
	})
	return server
}
