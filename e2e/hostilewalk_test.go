package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// hostileName has everything that a terminal must not get: a line that looks like one of
// ours, a carriage return, escapes of both kinds, other directions and what is invisible.
const hostileName = "bob\nError: etcdserver: forged\r\x1b[2J\u009b31m\u202e\u200b\x07\x7f"

// hostileLine is a command line with hostile names. NAME in an argument is hostileName.
type hostileLine struct {
	args   []string
	theirs bool   // standard output is etcdctl's, and stays as it is
	until  string // the command is interrupted when its output has this text
	stdin  string
}

// hostileLines returns lines of every command that shows names, in an order in which they
// can run. endpoint is the server's. The order of the trees is that of the help.
func hostileLines(endpoint, lease string) []hostileLine {
	ours := func(line string) hostileLine { return hostileLine{args: strings.Fields(line)} }
	theirs := func(line string) hostileLine { return hostileLine{args: strings.Fields(line), theirs: true} }
	reading := func(stdin string, line hostileLine) hostileLine { line.stdin = stdin; return line }
	until := func(text string, line hostileLine) hostileLine { line.until = text; return line }
	return []hostileLine{
		theirs("get NAME"), ours("get NAME -w csv"), ours("get NAME -w yaml"), theirs("get NAMEx --fail-if-missing"), theirs("get NAME --rev NAME"),
		ours("put NAME NAME -w ndjson"), theirs("put NAME v --if-absent"), theirs("put NAME v --lease NAME"), theirs("put NAME v --lease 77"), theirs("put NAMEu v --dry-run"),
		ours("del NAMEx -w csv"), theirs("del NAME --prefix --max-keys 1"), theirs("del NAME NAMEz --dry-run"), theirs("del NAMEz NAME --range"),
		reading("value(\"NAME\") = \"x\"\n\n\n\n", theirs("txn")), reading("\nNAME\n\n\n", theirs("txn")), reading("\nput \"NA\\x1bME\" v\n\n\n", ours("txn -w yaml")),
		until("forged", ours("watch --prefix bob --rev 1 -w csv")), theirs("watch NAME --rev NAME"), theirs("watch NAME --rev 1 -- NAME"),
		ours("ls"), ours("ls --long"), ours("ls NAME/"), ours("ls --delimiter NAME --recursive -w table"),
		ours("du"), ours("du NAME"),
		theirs("lease grant NAME"), theirs("lease revoke NAME"), theirs("lease revoke 77"), theirs("lease keep-alive NAME"), theirs("lease keep-alive 77 --once"),
		ours("lease timetolive " + lease + " --keys -w csv"), ours("lease timetolive " + lease + " --keys -w yaml"), theirs("lease timetolive " + lease + " --keys"), ours("lease list -w yaml"),
		theirs("compaction NAME"), theirs("compaction 100000"), theirs("compaction --keep NAME"),
		theirs("endpoint health --endpoints NAME"), theirs("endpoint status --endpoints NAME"), theirs("endpoint hashkv --endpoints NAME"),
		ours("endpoint status -w wide"), ours("endpoint status -w csv"), ours("endpoint health -w markdown"), ours("endpoint hashkv -w yaml"), theirs("endpoint status --cluster"),
		ours("member list -w csv"), ours("member list -w yaml"), ours("member list -w markdown"), theirs("member list"),
		theirs("member add NAME --peer-urls NAME"), theirs("member add NAME --peer-urls http://127.0.0.1:1 --dry-run"), theirs("member update NAME --peer-urls http://127.0.0.1:1 --dry-run"),
		theirs("member update NAMEx --peer-urls http://127.0.0.1:1"), theirs("member promote NAME"), theirs("member promote NAMEx"),
		theirs("member remove NAME --dry-run"), theirs("member remove NAMEx"),
		ours("alarm list -w yaml"), theirs("alarm list"), theirs("alarm disarm"),
		theirs("snapshot save NAME/NAME"), ours("snapshot save s.db --pick NAME"), ours("snapshot status NAME"),
		theirs("defrag --endpoints NAME"), theirs("defrag --min-free NAME"), theirs("move-leader NAME"), theirs("move-leader NAMEx"),
		theirs("make-mirror NAME"), theirs("make-mirror " + endpoint + " --prefix NAME --dest-prefix NAME2 --once"), theirs("make-mirror " + endpoint + " --prefix NAME --once"),
		theirs("make-mirror " + endpoint + " --prefix NAME --dest-prefix copy/ --once --checkpoint NAME/x"),
		theirs("check perf --prefix NAME"), theirs("check perf --load NAME"), theirs("check datascale --prefix NAME"), theirs("check datascale --load NAME"),
		theirs("downgrade validate NAME"), theirs("downgrade enable NAME"), theirs("downgrade cancel"),
		ours("user list -w csv"), ours("user list --detail -w table"), theirs("user list"),
		theirs("user add NAME --no-password"), theirs("user add NAME2:NAME --roles NAMEx"), ours("user add NAME3 --no-password --roles NAME -w yaml"),
		theirs("user get NAMEx"), ours("user get NAME --detail -w yaml"), theirs("user passwd NAMEx --interactive=false"), theirs("user delete NAMEx"), ours("user delete NAME3 -w csv"),
		theirs("user grant-role NAME NAMEx"), theirs("user grant-role NAMEx NAME"), theirs("user revoke-role NAME NAMEx"), theirs("user revoke-role NAME NAME --dry-run"),
		ours("user check-password NAME --user-password-file NAME"), reading("pw\n", ours("user check-password NAMEx --interactive=false")),
		ours("user get-cert NAME --ca-cert NAME --ca-key NAME --out-file NAME"), ours("user import NAME"), reading("name,roles\nx,\"NAME,NAMEx\"\nNAME,\n", ours("user import -")),
		ours("user offboard NAMEx"), ours("user offboard NAME --dry-run"),
		ours("role list -w yaml"), ours("role list --detail"), theirs("role list"), theirs("role add NAME"), ours("role add NAME2 --key NAME --read -w csv"),
		theirs("role get NAMEx"), ours("role get NAME -w yaml"), theirs("role grant-permission NAMEx read k"), theirs("role grant-permission NAME NAME k"),
		theirs("role grant-permission NAME read NAME NAMEz"), theirs("role revoke-permission NAME NAMEx"), theirs("role revoke-permission NAMEx k"), theirs("role delete NAMEx"), ours("role delete NAME2 -w yaml"),
		theirs("auth status"), ours("auth status -w yaml"), theirs("auth enable --check --user NAME:NAME"), theirs("auth disable --user NAME:NAME"), ours("auth bootstrap -f NAME"), ours("auth bootstrap -f policy.yaml --dry-run"),
		ours("rbac can-i read NAME --as NAME"), ours("rbac can-i NAME NAME --as NAMEx"), ours("rbac who-can write NAME"), ours("rbac matrix"), ours("rbac matrix --user NAME -w table"), ours("rbac lint"),
		ours("rbac export"), ours("rbac init NAME/NAME"), ours("rbac plan -f policy.yaml --prune"), ours("rbac test -f policy.yaml"), ours("rbac apply -f policy.yaml --dry-run"), ours("rbac apply -f NAME"),
		ours("whoami"), ours("whoami --user NAME:NAME"), ours("login --user NAME:NAME"), ours("logout --user NAME"),
		theirs("lock NAMEl true"), ours("lock NAME -w yaml --ttl NAME"), theirs("elect NAMEe NAME -- true"), until("forged", ours("elect --listen NAME -w csv")),
		ours("context add NAME --endpoints NAME"), ours("context add fine --endpoints NAME --user NAME"), ours("context list"), ours("context show fine"), ours("context show NAME"),
		ours("context use NAME"), ours("context rename NAME other"), ours("context delete NAME"), ours("each --contexts NAME -- get k"), ours("get k --context NAME"),
		ours("run NAME"), reading("get NAME --NAME\nNAME\n", ours("run -")), ours("shell NAME"),
		ours("options NAME"), ours("version NAME"), ours("completion NAME"), ours("help NAME"), ours("NAME"), theirs("user NAME"), ours("rbac NAME"), ours("get k -w NAME"),
	}
}

// No name of users, roles, keys, members, leases, locks or contexts reaches a terminal as it
// is, by any command. The standard output of etcdctl's own commands is left out.
func TestNoCommandShowsAHostileName(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), Name: strings.ReplaceAll(hostileName, "\x7f", "")})
	client, err := server.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	must(client.RoleAdd(ctx, hostileName))
	must(client.RoleGrantPermission(ctx, hostileName, hostileName, "", clientv3.PermissionType(clientv3.PermReadWrite)))
	must(client.UserAdd(ctx, hostileName, "pw"))
	must(client.UserGrantRole(ctx, hostileName, hostileName))
	lease, err := client.Grant(ctx, 600)
	must(nil, err)
	for _, key := range []string{hostileName, hostileName + "/" + hostileName, hostileName + "/1234"} { // the last is in the queue of a lock
		must(client.Put(ctx, key, hostileName, clientv3.WithLease(lease.ID)))
	}
	home := t.TempDir()
	policy := "apiVersion: ectl/v1\nroles:\n  \"NAME\": [{access: read, key: \"NAME\"}]\nusers:\n  \"NAMEy\": {roles: [\"NAME\"]}\nexpect: [\"NAME can read NAME\"]\n"
	escaped := `bob\nError: etcdserver: forged\r\x1b[2J\x9b31m\u202e\u200b\x07\x7f`
	must(nil, os.WriteFile(filepath.Join(home, "policy.yaml"), []byte(strings.ReplaceAll(policy, "NAME", escaped)), 0o600))
	env := harness.Env(home, "ETCDCTL_ENDPOINTS="+server.Endpoint(), "TERM=xterm", "NO_COLOR=1")
	root := commands.NewRoot(cli.NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}))
	walked := map[string]bool{}
	for _, line := range hostileLines(server.Endpoint(), strconv.FormatInt(int64(lease.ID), 16)) {
		if cmd, _, err := root.Find(line.args); err == nil {
			walked[cmd.CommandPath()] = true
		}
		shown, stderr := line.run(t, home, env)
		if line.theirs {
			shown = ""
		}
		checkVisible(t, strings.Join(line.args, " "), shown, stderr)
	}
	for _, leaf := range leaves(root) {
		if !walked[leaf.CommandPath()] {
			t.Errorf("%s has no line in hostileLines", leaf.CommandPath())
		}
	}
}

// run runs a line with standard output on a terminal. Its input is a pipe.
func (l hostileLine) run(t *testing.T, home string, env []string) (shown, stderr string) {
	t.Helper()
	named := strings.NewReplacer("NAME", hostileName).Replace
	args := []string{"--command-timeout", "2s"}
	for _, arg := range l.args {
		args = append(args, named(arg))
	}
	terminal, said := harness.NewTerminal(t, 50, 1000), harness.NewTerminal(t, 50, 1000)
	cmd := exec.Command(harness.Ectl(), args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = home, env, strings.NewReader(named(l.stdin)), terminal.TTY, said.TTY
	terminal.Start(cmd)
	if l.until != "" {
		terminal.MustShow(l.until, 0)
		terminal.Signal(syscall.SIGINT)
	}
	terminal.End()
	said.Drain()
	return terminal.String(), said.String()
}
