package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// scriptsAtOnce bounds how many scripts run side by side.
const scriptsAtOnce = 3

var scriptSlots = make(chan struct{}, scriptsAtOnce)

// TestScripts runs the administrator's tasks of testdata/script. doc.go says
// how one is written.
func TestScripts(t *testing.T) {
	runScripts(t, etcdserver.Options{}, testscript.Params{Dir: filepath.Join("testdata", "script")})
}

// TestScriptsOnOtherServers runs the scripts of what servers answer in their own
// way on the versions and clusters that TestScripts leaves out.
func TestScriptsOnOtherServers(t *testing.T) {
	// Those of three members and of one start as many, the others what they are
	// asked for here.
	ofThree := []string{"cluster-care", "defrag", "endpoint", "replace-member", "snapshot"}
	ofOne := []string{"one-member"}
	everywhere := []string{"careful-keys", "check", "compaction", "full-database", "leases", "levels", "lock", "mirror", "txn", "txn-as-user", "watch"}
	for _, c := range []struct {
		options etcdserver.Options
		scripts []string
	}{
		{etcdserver.Options{Version: "3.7.3", Members: 3}, everywhere},
		{etcdserver.Options{Version: "3.6.16", Members: 1}, slices.Concat(everywhere, ofOne)},
		{etcdserver.Options{Version: "3.6.16", Members: 3}, slices.Concat(everywhere, ofThree)},
		{etcdserver.Options{Version: "3.5.35", Members: 1}, slices.Concat(everywhere, ofOne)},
		{etcdserver.Options{Version: "3.5.35", Members: 3}, slices.Concat(everywhere, ofThree)},
	} {
		t.Run(fmt.Sprintf("%s of %d", c.options.Version, c.options.Members), func(t *testing.T) {
			t.Parallel()
			var files []string
			for _, name := range c.scripts {
				files = append(files, filepath.Join("testdata", "script", name+".txtar"))
			}
			runScripts(t, c.options, testscript.Params{Files: files})
		})
	}
}

// runScripts runs scripts whose servers are as they say, or else as o says.
func runScripts(t *testing.T, o etcdserver.Options, params testscript.Params) {
	t.Helper()
	params.RequireUniqueNames = true
	params.Setup = func(env *testscript.Env) error {
		scriptSlots <- struct{}{}
		env.Defer(func() { <-scriptSlots })
		return setUpScript(t, o, env)
	}
	params.Condition = func(condition string) (bool, error) {
		version, ok := strings.CutPrefix(condition, "server:")
		if !ok {
			return false, fmt.Errorf("unknown condition %q", condition)
		}
		return strings.HasPrefix(cmp.Or(o.Version, etcdserver.Latest), version+"."), nil
	}
	params.Cmds = map[string]func(*testscript.TestScript, bool, []string){
		"ectl":    func(ts *testscript.TestScript, neg bool, args []string) { runProgram(ts, neg, "ectl", args) },
		"etcdctl": func(ts *testscript.TestScript, neg bool, args []string) { runProgram(ts, neg, "etcdctl", args) },
		"etcd":    etcdCommand,
		"status":  statusCommand,
		"token":   tokenCommand,
		"nosecret": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) != 1 {
				ts.Fatalf("usage: nosecret TEXT")
			}
			for _, stream := range []string{"stdout", "stderr"} {
				if strings.Contains(ts.ReadFile(stream), args[0]) {
					ts.Fatalf("%s has the secret %q", stream, args[0])
				}
			}
		},
	}
	testscript.Run(t, params)
}

// scriptState is what the commands of one script share.
type scriptState struct {
	defaults etcdserver.Options // of servers that the script says nothing of
	fixtures *harness.Certificates
	servers  map[string]*etcdserver.Server
	status   int
	ran      bool
}

type scriptStateKey struct{}

func stateOf(ts *testscript.TestScript) *scriptState {
	return ts.Value(scriptStateKey{}).(*scriptState)
}

func setUpScript(t *testing.T, o etcdserver.Options, env *testscript.Env) error {
	t.Helper()
	pki := filepath.Join(env.WorkDir, ".pki")
	if err := os.Mkdir(pki, 0o700); err != nil {
		return err
	}
	state := &scriptState{defaults: o, fixtures: harness.NewCertificates(t, pki), servers: map[string]*etcdserver.Server{}}
	env.Values[scriptStateKey{}] = state
	env.Defer(func() {
		for _, s := range state.servers {
			s.Stop()
		}
	})
	env.Setenv("PATH", harness.EctlFolder()+string(os.PathListSeparator)+os.Getenv("PATH"))
	env.Setenv("HOME", env.WorkDir)
	env.Vars = append(env.Vars, harness.CoverageEnv()...)
	env.Setenv("DEAD", harness.RefusingEndpoint(t))
	var major, minor int
	if _, err := fmt.Sscanf(cmp.Or(o.Version, etcdserver.Latest), "%d.%d.", &major, &minor); err != nil {
		return err
	}
	env.Setenv("SERVER", fmt.Sprintf("%d.%d", major, minor))
	env.Setenv("OLDER", fmt.Sprintf("%d.%d", major, minor-1))
	env.Setenv("ROOTPW", harness.RootPassword)
	for name, value := range state.fixtures.Variables() {
		env.Setenv(name, value)
	}
	return nil
}

// runProgram runs ours under one of its names and remembers its exit status.
func runProgram(ts *testscript.TestScript, neg bool, name string, args []string) {
	state := stateOf(ts)
	err := ts.Exec(filepath.Join(harness.EctlFolder(), name), args...)
	state.ran, state.status = true, 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		state.status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", name, err)
	}
	if state.status == 0 && neg {
		ts.Fatalf("%s succeeded, a failure was expected", name)
	}
	if state.status != 0 && !neg {
		ts.Fatalf("%s failed with status %d", name, state.status)
	}
}

// statusCommand is "status N": the last ectl ended with N.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	state := stateOf(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: status N")
	}
	if !state.ran {
		ts.Fatalf("no ectl was run before")
	}
	if got := fmt.Sprint(state.status); got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// etcdCommand is "etcd start [FLAGS] [NAME]", "etcd spare [NAME]", "etcd join FILE
// [NAME]" and "etcd stop|pause|continue|kill|restart [NAME]".
func etcdCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: etcd start|stop|pause|continue|kill|restart ...")
	}
	state := stateOf(ts)
	if args[0] == "start" {
		startServer(ts, state, args[1:])
		return
	}
	settings := ""
	if args[0] == "join" {
		if len(args) < 2 {
			ts.Fatalf("usage: etcd join FILE [NAME]")
		}
		settings = ts.ReadFile(args[1])
		args = slices.Delete(args, 1, 2)
	}
	name := "etcd"
	if len(args) > 1 {
		name = args[1]
	}
	// NAME.2 is the second member of the cluster NAME.
	cluster, member, one := strings.Cut(name, ".")
	server, ok := state.servers[cluster]
	if !ok {
		ts.Fatalf("no server %q, there are %v", cluster, slices.Sorted(maps.Keys(state.servers)))
	}
	switch args[0] {
	case "spare":
		m, err := server.Spare("spare")
		ts.Check(err)
		ts.Setenv("SPARE", m.ClientURL)
		ts.Setenv("SPAREPEER", m.PeerURL)
		return
	case "join":
		values, err := harness.MemberSettings(settings)
		ts.Check(err)
		ts.Check(server.Members[len(server.Members)-1].Join(context.Background(), values))
		return
	}
	members := server.Members
	if one {
		var n int
		if _, err := fmt.Sscan(member, &n); err != nil || n < 1 || n > len(members) {
			ts.Fatalf("no member %q", name)
		}
		members = members[n-1 : n]
	}
	for _, m := range members {
		switch args[0] {
		case "stop", "kill":
			m.Kill()
		case "pause":
			ts.Check(m.Pause())
		case "continue":
			ts.Check(m.Continue())
		case "restart":
			m.Kill()
			ts.Check(m.Restart(context.Background()))
		default:
			ts.Fatalf("unknown: etcd %s", args[0])
		}
	}
}

func startServer(ts *testscript.TestScript, state *scriptState, args []string) {
	options, rest, err := state.fixtures.ServerOptions(args)
	ts.Check(err)
	if options.Version == "" {
		options.Version = state.defaults.Version
	}
	if options.Members == 0 {
		options.Members = state.defaults.Members
	}
	name := "etcd"
	switch len(rest) {
	case 0:
	case 1:
		name = rest[0]
	default:
		ts.Fatalf("one name at most, got %v", rest)
	}
	if state.servers[name] != nil {
		ts.Fatalf("there is already a server %q", name)
	}
	options.Dir = ts.MkAbs(filepath.Join(ts.Getenv("WORK"), ".servers", name))
	ts.Check(os.MkdirAll(options.Dir, 0o700))
	server, err := etcdserver.Start(context.Background(), options)
	ts.Check(err)
	state.servers[name] = server
	ts.Setenv("ETCDCTL_ENDPOINTS", server.Endpoint())
	for i, endpoint := range server.Endpoints() {
		ts.Setenv(fmt.Sprintf("ENDPOINT%d", i+1), endpoint)
	}
	if options.TLS != nil {
		ts.Setenv("ETCDCTL_CACERT", state.fixtures.CA.CertFile())
	}
}

// tokenCommand is "token VARIABLE USER TTL [NAME]": a JWT for USER, valid at
// the present revision of users and roles, in the environment variable.
func tokenCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: token VARIABLE USER TTL [NAME]")
	}
	state := stateOf(ts)
	name := "etcd"
	if len(args) == 4 {
		name = args[3]
	}
	server := state.servers[name]
	if server == nil {
		ts.Fatalf("no server %q", name)
	}
	ttl, err := time.ParseDuration(args[2])
	ts.Check(err)
	revision, err := server.AuthRevision(context.Background(), "root", harness.RootPassword)
	ts.Check(err)
	token, err := state.fixtures.Tokens.Sign(args[1], revision, ttl)
	ts.Check(err)
	ts.Setenv(args[0], token)
}
