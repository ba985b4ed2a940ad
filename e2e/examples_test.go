package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestExamples runs every example of the help, as the reference shows it. The examples of
// a command run in order, on a server with some keys, users and files. allExamples has
// what they need besides.
func TestExamples(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(harness.ProjectFile("docs", "reference", "ectl*.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{"ectl": examplesOfRoot(t)}
	for _, page := range pages {
		command, examples := examplesOf(harness.MustRead(t, page))
		all[command] = examples
	}
	special, ran := allExamples(), 0
	slots := make(chan struct{}, 4)
	t.Run("of", func(t *testing.T) {
		for command, examples := range all {
			if len(examples) == 0 {
				continue
			}
			ran += len(examples)
			needs := special[command]
			delete(special, command)
			t.Run(command, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				runExamples(t, needs, examples)
			})
		}
	})
	if ran < 160 {
		t.Errorf("the reference has %d examples: the test no longer finds them", ran)
	}
	for command := range special {
		t.Errorf("%q has no examples", command)
	}
}

// examplesOf returns the command that a page of the reference describes, and its examples
// without their comments.
func examplesOf(page string) (command string, examples []string) {
	command, _, _ = strings.Cut(page[strings.Index(page, "# ectl")+2:], "\n")
	_, rest, found := strings.Cut(page, "## Examples\n\n```text\n")
	if !found {
		return command, nil
	}
	text, _, _ := strings.Cut(rest, "```\n")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# ") {
			examples = append(examples, "")
			continue
		}
		examples[len(examples)-1] += line
	}
	return command, examples
}

// examplesOfRoot returns the examples of the program, which has no page in the reference.
func examplesOfRoot(t *testing.T) []string {
	t.Helper()
	help := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: []string{"--help"}, Env: harness.Env(t.TempDir())}).Stdout
	_, rest, _ := strings.Cut(help, "Examples:\n")
	text, _, _ := strings.Cut(rest, "\n\n")
	_, examples := examplesOf("# ectl\n## Examples\n\n```text\n" + strings.ReplaceAll("\n"+text, "\n  ", "\n")[1:] + "\n```\n")
	return examples
}

func runExamples(t *testing.T, needs commandExamples, examples []string) {
	t.Helper()
	w := newExampleWorld(t, needs.server, needs.other)
	for _, text := range examples {
		at := slices.IndexFunc(needs.each, func(e exampleNeeds) bool { return strings.Contains(text, e.of) })
		var e exampleNeeds
		if at >= 0 {
			e = needs.each[at]
		}
		in := w
		if e.server != "" {
			in = newExampleWorld(t, e.server, false)
		}
		if needs.retry {
			text = "until " + strings.TrimSpace(text) + "; do sleep 0.2; done"
		}
		in.run(t, needs.before, text, e)
	}
}

// exampleWorld is a server, and a folder in which examples run.
type exampleWorld struct {
	server *etcdserver.Server
	dir    string
	env    []string
}

func newExampleWorld(t *testing.T, flags string, other bool) *exampleWorld {
	t.Helper()
	f := harness.NewCertificates(t, t.TempDir())
	options, _, err := f.ServerOptions(strings.Fields(flags))
	if err != nil {
		t.Fatal(err)
	}
	options.Dir = t.TempDir()
	w := &exampleWorld{server: harness.StartServer(t, options), dir: t.TempDir()}
	w.env = harness.Env(w.dir, "ECTL_ENDPOINTS="+strings.Join(w.server.Endpoints(), ","), "SHELL=/bin/sh",
		"ETCD="+filepath.Join(folderOfEctl(t), ".cache", "etcd-"+etcdserver.Latest), "SPARE="+freeAddress(t), "SPARE_PEER="+freeAddress(t))
	if other {
		w.env = append(w.env, "OTHER="+harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), TLS: f.CA}).Endpoint())
	}
	w.env[0] = "PATH=" + strings.Join([]string{filepath.Join(w.dir, "bin"), harness.EctlFolder(), os.Getenv("PATH")}, string(os.PathListSeparator))
	if options.RootPassword != "" && !options.ClientCertAuth {
		w.env = append(w.env, "ECTL_USER=root", "ECTL_PASSWORD_FILE=root.password")
	}
	if options.TLS != nil {
		w.env = append(w.env, "ECTL_CACERT=ca.crt")
	}
	if options.ClientCertAuth {
		w.env = append(w.env, "ECTL_CERT=root.crt", "ECTL_KEY=root.key")
	}
	files := exampleFiles()
	for name, file := range map[string]string{
		"ca.crt": f.CA.CertFile(), "ca.pem": f.CA.CertFile(), "ca.key": f.CA.KeyFile(), "encrypted.key": f.CA.KeyFile(),
		"root.crt": f.Clients["root"].CertFile, "root.key": f.Clients["root"].KeyFile,
		"alice.crt": f.Clients["alice"].CertFile, "alice.key": f.Clients["alice"].KeyFile,
	} {
		files[name] = harness.MustRead(t, file)
	}
	for name, text := range files {
		path := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if got := harness.Run(t, w.bash(examplesSetUp)); got.Status != "0" {
		t.Fatalf("prepare the examples: %+v", got)
	}
	return w
}

func (w *exampleWorld) bash(script string) harness.Command {
	return harness.Command{Program: "/bin/bash", Args: []string{"-c", script}, Env: w.env, Dir: w.dir}
}

func (w *exampleWorld) run(t *testing.T, before, text string, e exampleNeeds) {
	t.Helper()
	for i := 0; i < len(e.replace); i += 2 {
		if !strings.Contains(text, e.replace[i]) && e.of != "" {
			t.Errorf("%s has no %q to replace", text, e.replace[i])
		}
		text = strings.ReplaceAll(text, e.replace[i], e.replace[i+1])
	}
	script := fmt.Sprintf("{ :\n%s\n%s\n} >/dev/null 2>&1\n", before, e.before)
	if e.until == "" {
		script += text
	} else {
		// It runs in a process group of its own.
		script += fmt.Sprintf(`set -m
{ %s } > shown 2> errors &
until { %s; } >/dev/null 2>&1; do
	kill -0 $! 2>/dev/null || { cat errors >&2; exit 9; }
	sleep 0.05
done
kill -TERM -- -$!
wait $! 2>/dev/null
exit 0`, text, e.until)
	}
	command := w.bash(script)
	command.Limit = 10 * time.Minute // ends a hang
	if e.typed != nil {
		command.Terminal = e.typed
	}
	got := harness.Run(t, command)
	if e.judges && strings.HasSuffix(got.Stdout, "\nFAIL\n") {
		e.status = 1
	}
	if e.judges && !strings.HasSuffix(got.Stdout, "\nPASS\n") && e.status == 0 {
		t.Errorf("no result:\n%s\n%s", text, got.Stdout)
	}
	if got.Status != fmt.Sprint(e.status) {
		t.Errorf("status %s, want %d:\n%s\nstdout: %s\nstderr: %s\nterminal: %s", got.Status, e.status, text, got.Stdout, got.Stderr, got.Terminal)
	}
}

// examplesSetUp makes the keys, users and roles that examples name.
const examplesSetUp = `set -e
for key in /config/size /config/file /tls/key /app/x /app/config /registry/pods/1 users:1; do ectl put "$key" 3; done
for role in app kubernetes ops root; do ectl role add $role --if-not-exists; done
ectl role grant-permission app readwrite /app/ --prefix
ectl user add alice --new-user-password-file alice.password --roles app
ectl user add bob --new-user-password-file bob.password --roles app
ectl user add app --no-password --roles app
ectl user add backup --no-password --roles root
`

// exampleFiles returns the files that examples name, and the programs.
func exampleFiles() map[string]string {
	const policy = `apiVersion: ectl/v1
roles:
  audit: [{access: read, prefix: /app/}]
users:
  carol: {roles: [audit], password: none}
expect:
  - carol can read prefix /app/
`
	return map[string]string{
		"root.password": harness.RootPassword + "\n", "pw": harness.RootPassword + "\n",
		"alice.password": "alice's secret\n", "bob.password": "bob's secret\n",
		"file": "content", "policy.yaml": policy, "policies/policy.yaml": policy,
		"waivers.yaml":   "apiVersion: ectl/v1\nwaive:\n  - {rule: root-holder, object: user backup, reason: saves snapshots}\n",
		"users.csv":      "name,roles\ndora,app\nemil,app\n",
		"users.ndjson":   `{"name":"dora","roles":["app"]}` + "\n",
		"provision.ectl": "role add provisioned\n", "grants.ectl": "user grant-role bob ops\n",
		"deploy.sh": "#!/bin/sh\n", "bin/scheduler": "#!/bin/sh\n", "bin/backup": "#!/bin/sh\n",
		"bin/jq": "#!/bin/sh\ngrep users\n",
		"etcd.yaml": `apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system}
spec:
  containers:
    - name: etcd
      command:
        - etcd
        - --advertise-client-urls=https://10.0.0.1:2379
        - --listen-client-urls=https://127.0.0.1:2379
        - --cert-file=/etc/kubernetes/pki/etcd/server.crt
        - --key-file=/etc/kubernetes/pki/etcd/server.key
        - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
`,
	}
}

// commandExamples is what the examples of one command need.
type commandExamples struct {
	server string // flags, as in parity files
	other  bool   // another server, with TLS, at $OTHER
	before string // runs before each example, in bash
	retry  bool   // members change only if all have been connected for some seconds
	each   []exampleNeeds
}

// exampleNeeds is what one example needs, or several.
type exampleNeeds struct {
	of      string // a part of the examples; the first that fits counts
	server  string // a server of its own
	before  string
	replace []string // hosts, IDs and revisions of this run for those of the example
	typed   []harness.Answer
	status  int
	judges  bool   // it ends with PASS and status 0, or, on a slow machine, with FAIL and status 1
	until   string // the example is terminated once this holds; the file shown has its output
}

// types returns answers at prompts.
func types(pairs ...string) []harness.Answer {
	var answers []harness.Answer
	for pair := range slices.Chunk(pairs, 2) {
		answers = append(answers, harness.Answer{Prompt: pair[0], Typed: pair[1] + "\n"})
	}
	return answers
}

func allExamples() map[string]commandExamples {
	const (
		root     = harness.RootPassword
		hasShown = "test -s shown"
		// The ID and the name of a member that is not the leader.
		follower = `$(ectl endpoint status -w json | tr , '\n' | sed -n 's/^"leader"://p' | head -1 > leader; ectl member list -w ndjson | grep -v "$(printf %x "$(cat leader)")" | head -1 | sed 's/.*"%s":"\([^"]*\)".*/\1/')`
		contexts = "for name in prod prod-us staging dev-1 dev-2 dev-3; do ectl context add $name --replace --endpoints $ECTL_ENDPOINTS; done"
		aLearner = `ectl member add node4 --learner --peer-urls http://$SPARE_PEER | grep ^ETCD_ > node4.env
			set -a; . ./node4.env; set +a
			"$ETCD" --data-dir node4 --listen-peer-urls http://$SPARE_PEER --listen-client-urls http://$SPARE --advertise-client-urls http://$SPARE &
			trap "kill $!" EXIT`
		noRoot = "ectl --user root --password-file root.password auth disable; ectl user delete root"
	)
	aFollower := []exampleNeeds{
		{of: "8211f1d0f64f3269", replace: []string{"8211f1d0f64f3269", strings.Replace(follower, "%s", "id", 1)}},
		{of: "node2", replace: []string{"node2", strings.Replace(follower, "%s", "name", 1)}},
		{of: "node3", replace: []string{"node3", strings.Replace(follower, "%s", "name", 1)}},
	}
	// A member that answers the request to remove it may stop first. So each example has a
	// cluster of its own, in which the next attempt finds another member.
	var aFollowerOfItsOwn []exampleNeeds
	for _, needs := range aFollower {
		needs.server = "-members 3"
		aFollowerOfItsOwn = append(aFollowerOfItsOwn, needs)
	}
	aLease := func(until string) []exampleNeeds {
		return []exampleNeeds{{of: "694d7e4f1a2b3c05", replace: []string{"694d7e4f1a2b3c05", "$(ectl lease grant 9000 -w ndjson | sed 's/.*\"lease\":\"\\([0-9a-f]*\\)\".*/\\1/')"}, until: until}}
	}
	return map[string]commandExamples{
		"ectl": {each: []exampleNeeds{{of: "https://etcd1:2379", server: "-tls -auth", replace: []string{"https://etcd1:2379", "$ECTL_ENDPOINTS"}, before: "unset ECTL_PASSWORD_FILE", typed: types("Password: ", root)}}},
		"ectl auth bootstrap": {before: noRoot, each: []exampleNeeds{
			{of: "bootstrap\n", typed: types("Password of root: ", root, "again", root)},
			{of: "--new-user-password-out", server: "-members 1", before: "rm root.password"},
			{of: "--no-password", server: "-client-cert-auth"},
		}},
		"ectl auth enable": {before: noRoot + "; ectl user add root --new-user-password-file root.password --roles root", each: []exampleNeeds{
			{of: "--check", typed: types("Password: ", root)},
		}},
		"ectl auth disable": {server: "-auth"},
		"ectl check perf":   {each: []exampleNeeds{{judges: true}}},
		"ectl compaction":   {each: []exampleNeeds{{of: "12345", replace: []string{"12345", "2"}}}},
		"ectl context add": {each: []exampleNeeds{
			{of: "--as", before: contexts},
			{of: "--from-manifest", replace: []string{"/etc/kubernetes/manifests/etcd.yaml", "etcd.yaml"}},
		}},
		"ectl context delete":   {before: contexts},
		"ectl context list":     {before: contexts},
		"ectl context rename":   {before: contexts},
		"ectl context show":     {before: contexts},
		"ectl context use":      {before: contexts},
		"ectl defrag":           {server: "-members 3"},
		"ectl downgrade cancel": {before: "until ectl downgrade enable 3.6; do sleep 0.2; done"},
		"ectl each":             {before: contexts + "; unset ECTL_ENDPOINTS", each: []exampleNeeds{{of: "--exit-code", status: 2}}},
		"ectl elect": {each: []exampleNeeds{
			{of: "\"$(hostname)\"\n", until: hasShown},
			{of: "--listen", before: "ectl put /elections/scheduler/694d7e4f1a2b3c05 me", until: hasShown},
		}},
		"ectl endpoint": {server: "-members 3", each: []exampleNeeds{
			{of: "health.log", until: "test -s health.log"},
			{of: "--watch", until: hasShown},
		}},
		"ectl endpoint status":  {server: "-members 3", each: []exampleNeeds{{of: "--watch", until: hasShown}}},
		"ectl lease keep-alive": {each: append([]exampleNeeds{{of: "--once", replace: aLease("")[0].replace}}, aLease(hasShown)...)},
		"ectl lease revoke":     {each: aLease("")},
		"ectl lease timetolive": {each: aLease("")},
		"ectl login": {server: "-auth", each: []exampleNeeds{
			{of: "--user root", before: "unset ECTL_USER ECTL_PASSWORD_FILE", typed: types("Password", root)},
			{of: "", before: "ectl login"},
		}},
		"ectl logout": {server: "-auth", before: "ectl login"},
		"ectl make-mirror": {other: true, each: []exampleNeeds{
			{of: "b1.example.com", replace: []string{"https://b1.example.com:2379,https://b2.example.com:2379", "$OTHER"}, until: "ectl --endpoints $OTHER --cacert ca.pem get /config/size | grep -q ."},
			{of: "--dest-prefix", replace: []string{"127.0.0.1:22379", "$OTHER --dest-cacert ca.pem"}, until: "ectl --endpoints $OTHER --cacert ca.pem get /copy/app/x | grep -q ."},
			{of: "--once", replace: []string{"127.0.0.1:22379", "$OTHER --dest-cacert ca.pem", "/var/lib/mirror/state", "state"}},
			{of: "--prune", replace: []string{"127.0.0.1:22379", "$OTHER --dest-cacert ca.pem", "/var/lib/mirror/state", "state"}, before: "rm -f state; ectl --endpoints $OTHER --cacert ca.pem put other x", until: "! ectl --endpoints $OTHER --cacert ca.pem get other | grep -q ."},
		}},
		"ectl member promote": {retry: true, before: aLearner},
		"ectl member update":  {each: []exampleNeeds{{replace: []string{"node2", "m1"}}}},
		"ectl member remove":  {each: aFollowerOfItsOwn, retry: true},
		"ectl move-leader":    {server: "-members 3", each: aFollower},
		"ectl put": {each: []exampleNeeds{
			{of: "--if-absent", before: "ectl del /config/size"},
			{of: "--if-rev", replace: []string{"1234", `$(ectl get /config/size -w ndjson | sed 's/.*"mod_revision":\([0-9]*\).*/\1/')`}},
		}},
		"ectl rbac apply":  {server: "-auth", each: []exampleNeeds{{of: "policy.yaml", typed: types("yes", "yes")}}},
		"ectl rbac can-i":  {server: "-auth"},
		"ectl rbac export": {server: "-auth"},
		"ectl rbac init":   {server: "-auth", each: []exampleNeeds{{of: "init", before: "rm policy.yaml"}}},
		"ectl rbac lint":   {server: "-auth"},
		"ectl rbac matrix": {server: "-auth"},
		"ectl rbac plan": {server: "-auth", each: []exampleNeeds{
			{of: "--exit-code", status: 2},
			{of: "--no-new-access", status: 4},
		}},
		"ectl rbac test":    {server: "-auth", before: "ectl rbac apply -f policy.yaml --yes"},
		"ectl rbac who-can": {server: "-auth"},
		"ectl role add":     {before: "ectl role delete app"},
		"ectl run":          {server: "-auth", before: "ectl role delete provisioned --if-exists; ectl role delete ops; ectl user revoke-role bob ops --if-exists", each: []exampleNeeds{{of: "grants", before: "ectl role add ops"}}},
		"ectl shell": {each: []exampleNeeds{
			{of: "https://etcd1:2379", server: "-tls -auth", replace: []string{"https://etcd1:2379", "$ECTL_ENDPOINTS"}, before: "unset ECTL_PASSWORD_FILE", typed: types("Password: ", root, "> ", "exit")},
			{typed: types("> ", "exit")},
		}},
		"ectl snapshot save": {server: "-members 3", before: "rm -f etcd.db", each: []exampleNeeds{
			{of: "--pick", replace: []string{"/backup/etcd.db", "etcd.db", "etcd1:2379,etcd2:2379,etcd3:2379", "$ECTL_ENDPOINTS"}},
			{of: "", before: "export ECTL_ENDPOINTS=${ECTL_ENDPOINTS%%,*}", replace: []string{"/backup/etcd.db", "etcd.db"}},
		}},
		"ectl snapshot status": {before: "ectl snapshot save backup.db"},
		"ectl user add": {before: "ectl user delete bob --if-exists", each: []exampleNeeds{
			{of: "add bob\n", typed: types("Password of bob: ", "secret", "again", "secret")},
			{of: "--new-user-password-out", before: "rm bob.password"},
		}},
		"ectl user passwd":         {each: []exampleNeeds{{of: "passwd bob\n", typed: types("Password of bob: ", "secret", "again", "secret")}}},
		"ectl user check-password": {server: "-auth", each: []exampleNeeds{{of: "check-password bob\n", typed: types("Password", "bob's secret")}}},
		"ectl user get-cert":       {server: "-client-cert-auth -auth", before: "rm -f app.crt app.key app.csr own.key; ectl user get-cert app --csr-out app.csr --out-key-file own.key"},
		"ectl watch":               {each: []exampleNeeds{{until: "ectl put /config/size 3 && " + hasShown}}},
		"ectl whoami":              {server: "-client-cert-auth -auth", each: []exampleNeeds{{of: "--user alice", server: "-tls -auth", before: "unset ECTL_USER ECTL_PASSWORD_FILE", typed: types("Password", "alice's secret")}}},
	}
}
