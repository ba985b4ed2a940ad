package e2e

import (
	"fmt"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// A password that stands in the wrong place of a policy is not shown by any
// command that reads one. Package policy tests every place.
func TestAPasswordInTheWrongPlaceOfAPolicyIsNotShown(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	home := t.TempDir()
	const head = "apiVersion: ectl/v1\nroles: {app: []}\n"
	for i, text := range []string{
		"users: {bob: " + canary + "}\n",
		"users: {bob:" + canary + "}\n",
		"users: {bob: [" + canary + "]}\n",
		"users: {bob: {" + canary + "}}\n",
		"users: {bob: {password: " + canary + "}}\n",
		"users: {bob: {password: {" + canary + ": x}}}\n",
		"users: {bob: {password: {env: " + canary + "}}}\n",
		"users: {bob: {password: {file: " + canary + "}}}\n",
		"users: {bob: {password: *" + canary + "}}\n",
		"users: {bob: {password: \"" + canary + "}}\n",
		"users:\n  bob:\n  password: " + canary + "\n",
		"users:\n  bob:\n\tpassword: " + canary + "\n",
		"users:\n  bob:\n    roles: " + canary + "\n",
		"password: " + canary + "\n",
		"expect: [bob " + canary + "]\n",
		"expect: [bob can " + canary + " /x]\n",
		"expect: [bob can read " + canary + " a b c]\n",
		"waive: [{rule: " + canary + ", object: role app, reason: none}]\n",
		"waive: [" + canary + "]\n",
		canary + "\n",
	} {
		file := writeSecret(t, home, fmt.Sprintf("%d.yaml", i), head+text)
		for _, command := range []string{
			"rbac plan -f", "rbac apply --yes -f", "rbac test -f", "rbac lint -f", "rbac lint --waivers", "auth bootstrap --yes -f",
		} {
			got := harness.Run(t, harness.Command{
				Program: harness.Ectl(), Args: words("--debug " + command + " " + file + " --user root:" + harness.RootPassword), Dir: home,
				Env: harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint()),
			})
			searchFor(t, canary, "stdout of "+command+" of "+text, got.Stdout)
			searchFor(t, canary, "stderr of "+command+" of "+text, got.Stderr)
		}
	}
}
